// The edge's batches on disk until the server has them: a log of numbered records in files of about
// a megabyte (docs/formats/edge.md). A batch counts as taken once sync() has returned; what was
// acknowledged is deleted file by file. One process, one thread.
//
//   DIR/id                     the buffer's 16 bytes: numbers of another buffer are other batches
//   DIR/00000000000000000001   records, named by the number of the first
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "edge/limits.h"
#include "edge/message.h"

namespace amity::edge {

struct BufferOptions {
  std::uint64_t bytes_max = kBufferBytesDefault;  // beyond: kBusy, nothing is dropped
  bool fsync = true;
};

class Buffer {
 public:
  struct Record {
    Sequence sequence = 0;
    Bytes body;
  };

  // What a crash left unfinished at the end is cut off: it was never durable.
  static Result<std::unique_ptr<Buffer>> open(const std::string& directory,
                                              const BufferOptions& options, Random& random);
  ~Buffer();

  // Written, not yet durable. kBusy when the buffer is full (`urgent`: kBufferReserveBytes more).
  // kIo when the disk is: nothing was written.
  Result<Sequence> append(ByteView body, bool urgent = false);
  // All that was appended is durable. After a failure (kClosed) what is on disk is not known, and
  // the buffer must be opened again.
  Status sync();
  // Durable records after `after`, in order: at most `count_max`, and none begun beyond
  // `bytes_max`.
  Result<std::vector<Record>> read(Sequence after, std::size_t bytes_max, std::size_t count_max);
  // All up to `upto` may be forgotten.
  Status acknowledge(Sequence upto);
  // The same records under a new id: the server knows numbers that were lost here.
  Status renew_id(Random& random);

  const BufferId& id() const { return id_; }
  Sequence first() const { return acknowledged_ + 1; }  // the oldest one kept; last() + 1: none
  Sequence last() const { return next_ - 1; }
  Sequence durable() const { return durable_; }
  std::uint64_t bytes() const;  // on disk
  bool has_room(std::uint64_t more) const { return bytes() + more <= options_.bytes_max; }
  // What was unreadable when it was opened, in words.
  const std::vector<std::string>& damage() const { return damage_; }

 private:
  struct Segment {
    Sequence first = 0;
    std::uint64_t size = 0;
  };
  struct File;

  Buffer(std::string directory, const BufferOptions& options);
  // A new file is begun beyond; what is acknowledged is given back in such pieces.
  std::uint64_t segment_target() const;
  std::string path_of(Sequence first) const;
  Status load(Random& random);
  Status load_id(Random& random);
  Status scan(Segment& segment, bool newest);
  Status begin_segment();
  Status sync_directory() const;
  Result<bool> read_at_cursor(std::vector<Record>& out);
  Status seek(Sequence sequence);

  std::string directory_;
  BufferOptions options_;
  BufferId id_{};
  std::deque<Segment> segments_;  // ascending; the last one is written to
  Sequence next_ = 1, durable_ = 0, acknowledged_ = 0;
  std::unique_ptr<File> writer_, reader_;
  Sequence read_segment_ = 0, read_next_ = 0;  // what the reader's file is, and stands before
  std::uint64_t read_offset_ = 0;
  bool failed_ = false;
  std::vector<std::string> damage_;
};

}  // namespace amity::edge
