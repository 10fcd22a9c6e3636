#include "edge/buffer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "edge/file.h"
#include "store/crc32c.h"

namespace amity::edge {
namespace {

// Of a record: size of its body, its number, the body, CRC-32C of all before it.
constexpr std::size_t kHeadSize = 12, kTailSize = 4;
constexpr std::size_t kNameDigits = 20;

std::optional<Sequence> sequence_of(const std::string& name) {
  if (name.size() != kNameDigits || name.find_first_not_of("0123456789") != name.npos)
    return std::nullopt;
  return std::stoull(name);
}

Bytes record_of(Sequence sequence, ByteView body) {
  Bytes record;
  record.reserve(kHeadSize + body.size() + kTailSize);
  ByteWriter out(record);
  out.u32(static_cast<std::uint32_t>(body.size()));
  out.u64(sequence);
  out.bytes(body);
  out.u32(store::crc32c(record));
  return record;
}

}  // namespace

struct Buffer::File {
  explicit File(int fd) : descriptor(fd) {}
  ~File() { ::close(descriptor); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // False: the file ends before.
  Result<bool> read(std::uint64_t offset, Bytes& out) const {
    std::size_t have = 0;
    while (have < out.size()) {
      const ssize_t n = ::pread(descriptor, out.data() + have, out.size() - have,
                                static_cast<off_t>(offset + have));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return io_error("reading the buffer");
      if (n == 0) return false;
      have += static_cast<std::size_t>(n);
    }
    return true;
  }
  // The record at the offset; nullopt where there is no whole and right one.
  Result<std::optional<Record>> record(std::uint64_t offset) const {
    Bytes bytes(kHeadSize);
    AMITY_TRY(const bool head, read(offset, bytes));
    if (!head) return std::optional<Record>();
    ByteReader in(bytes);
    const std::uint32_t size = *in.u32();
    const Sequence sequence = *in.u64();
    if (size > kBatchBytesMax) return std::optional<Record>();
    bytes.resize(kHeadSize + size + kTailSize);
    AMITY_TRY(const bool whole, read(offset, bytes));
    const ByteView all(bytes);
    if (!whole ||
        *ByteReader(all.last(kTailSize)).u32() != store::crc32c(all.first(kHeadSize + size)))
      return std::optional<Record>();
    const ByteView body = all.subspan(kHeadSize, size);
    return std::optional<Record>(Record{sequence, Bytes(body.begin(), body.end())});
  }

  int descriptor;
};

Buffer::Buffer(std::string directory, const BufferOptions& options)
    : directory_(std::move(directory)), options_(options) {}
Buffer::~Buffer() = default;

std::string Buffer::path_of(Sequence first) const {
  const std::string digits = std::to_string(first);
  return directory_ + "/" + std::string(kNameDigits - digits.size(), '0') + digits;
}

Result<std::unique_ptr<Buffer>> Buffer::open(const std::string& directory,
                                             const BufferOptions& options, Random& random) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return make_error(ErrorCode::kIo, directory + ": " + error.message());
  std::unique_ptr<Buffer> buffer(new Buffer(directory, options));
  AMITY_CHECK(buffer->load(random));
  return buffer;
}

Status Buffer::load_id(Random& random) {
  const auto known = read_file(directory_ + "/id", id_.size() + 1);
  if (!known.ok() && known.error().code == ErrorCode::kNotFound) return renew_id(random);
  if (!known.ok()) return known.error();
  if (known->size() != id_.size())
    return make_error(ErrorCode::kCorrupt, directory_ + "/id does not hold 16 bytes");
  std::copy(known->begin(), known->end(), id_.begin());
  return {};
}

Status Buffer::renew_id(Random& random) {
  BufferId fresh{};
  random.fill(fresh);
  AMITY_CHECK(replace_file(directory_ + "/id", fresh, options_.fsync));
  id_ = fresh;
  return {};
}

Status Buffer::load(Random& random) {
  AMITY_CHECK(load_id(random));
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    const auto first = sequence_of(entry.path().filename().string());
    if (first) segments_.push_back({*first, 0});
  }
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.first < b.first; });
  if (!segments_.empty()) next_ = segments_.front().first;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (segments_[i].first > next_) {
      damage_.push_back("batches " + std::to_string(next_) + " to " +
                        std::to_string(segments_[i].first - 1) + " cannot be read");
      next_ = segments_[i].first;
    }
    AMITY_CHECK(scan(segments_[i], i + 1 == segments_.size()));
  }
  if (segments_.empty()) {
    AMITY_CHECK(begin_segment());
  } else {
    acknowledged_ = segments_.front().first - 1;
    const int fd = ::open(path_of(segments_.back().first).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) return io_error(path_of(segments_.back().first));
    writer_ = std::make_unique<File>(fd);
  }
  // What was written and not synced before a crash of this process alone is synced now.
  return sync();
}

// Counts a file's records; of the newest one a torn end is cut off.
Status Buffer::scan(Segment& segment, bool newest) {
  const std::string path = path_of(segment.first);
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return io_error(path);
  const File file(fd);
  std::uint64_t offset = 0;
  while (true) {
    AMITY_TRY(const auto record, file.record(offset));
    if (!record || record->sequence != next_) break;
    offset += kHeadSize + record->body.size() + kTailSize;
    ++next_;
  }
  struct stat about {};
  if (::fstat(fd, &about) != 0) return io_error(path);
  segment.size = static_cast<std::uint64_t>(about.st_size);
  if (segment.size == offset || !newest) return {};
  if (::ftruncate(fd, static_cast<off_t>(offset)) != 0) return io_error(path);
  segment.size = offset;
  return {};
}

Status Buffer::sync_directory() const {
  return options_.fsync ? edge::sync_directory(directory_) : Status{};
}

Status Buffer::begin_segment() {
  if (writer_) AMITY_CHECK(sync());
  const std::string path = path_of(next_);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return io_error(path);
  writer_ = std::make_unique<File>(fd);
  segments_.push_back({next_, 0});
  return sync_directory();
}

std::uint64_t Buffer::segment_target() const {
  return std::clamp<std::uint64_t>(options_.bytes_max / 8, 1, kSegmentBytesTarget);
}

std::uint64_t Buffer::bytes() const {
  std::uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.size;
  return sum;
}

Result<Sequence> Buffer::append(ByteView body, bool urgent) {
  if (failed_) return make_error(ErrorCode::kClosed, "the buffer failed and must be opened again");
  if (body.size() > kBatchBytesMax) return make_error(ErrorCode::kLimit, "the batch is too large");
  const std::uint64_t most = options_.bytes_max + (urgent ? kBufferReserveBytes : 0);
  if (bytes() + body.size() > most)
    return make_error(ErrorCode::kBusy,
                      "the buffer of " + std::to_string(options_.bytes_max) + " bytes is full");
  if (segments_.back().size >= segment_target()) AMITY_CHECK(begin_segment());
  const Bytes record = record_of(next_, body);
  std::size_t done = 0;
  while (done < record.size()) {
    const ssize_t n = ::write(writer_->descriptor, record.data() + done, record.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const Error why = io_error("writing the buffer");
      if (::ftruncate(writer_->descriptor, static_cast<off_t>(segments_.back().size)) != 0)
        failed_ = true;
      return why;
    }
    done += static_cast<std::size_t>(n);
  }
  segments_.back().size += record.size();
  return next_++;
}

Status Buffer::sync() {
  if (failed_) return make_error(ErrorCode::kClosed, "the buffer failed and must be opened again");
  if (options_.fsync && ::fdatasync(writer_->descriptor) != 0) {
    failed_ = true;
    return make_error(ErrorCode::kClosed, io_error("the buffer could not be made durable").reason);
  }
  durable_ = last();
  return {};
}

// Puts the reader before the record.
Status Buffer::seek(Sequence sequence) {
  if (reader_ && read_next_ == sequence) return {};
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), sequence,
                       [](Sequence s, const Segment& segment) { return s < segment.first; });
  AMITY_ASSERT(after != segments_.begin());
  read_segment_ = std::prev(after)->first;
  const int fd = ::open(path_of(read_segment_).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_error(path_of(read_segment_));
  reader_ = std::make_unique<File>(fd);
  read_next_ = read_segment_;
  read_offset_ = 0;
  while (read_next_ < sequence) {
    AMITY_TRY(const auto record, reader_->record(read_offset_));
    if (!record) break;  // damaged here: the next file goes on
    read_offset_ += kHeadSize + record->body.size() + kTailSize;
    ++read_next_;
  }
  return {};
}

// The next durable record, on to the next file where one ends. False: there is none.
Result<bool> Buffer::read_at_cursor(std::vector<Record>& out) {
  while (read_next_ <= durable_) {
    AMITY_TRY(auto record, reader_->record(read_offset_));
    if (record && record->sequence == read_next_) {
      read_offset_ += kHeadSize + record->body.size() + kTailSize;
      ++read_next_;
      out.push_back(std::move(*record));
      return true;
    }
    const auto next = std::find_if(segments_.begin(), segments_.end(),
                                   [&](const Segment& s) { return s.first > read_segment_; });
    if (next == segments_.end())
      return make_error(ErrorCode::kCorrupt,
                        "batch " + std::to_string(read_next_) + " cannot be read");
    reader_.reset();
    AMITY_CHECK(seek(next->first));
  }
  return false;
}

Result<std::vector<Buffer::Record>> Buffer::read(Sequence after, std::size_t bytes_max,
                                                 std::size_t count_max) {
  std::vector<Record> out;
  const Sequence from = std::max(after, acknowledged_) + 1;
  if (from > durable_) return out;
  AMITY_CHECK(seek(from));
  std::size_t taken = 0;
  while (taken < bytes_max && out.size() < count_max) {
    AMITY_TRY(const bool any, read_at_cursor(out));
    if (!any) break;
    taken += out.back().body.size();
    if (out.back().sequence < from) {  // the reader stands in a damaged file
      taken -= out.back().body.size();
      out.pop_back();
    }
  }
  return out;
}

Status Buffer::acknowledge(Sequence upto) {
  if (upto > durable_)
    return make_error(ErrorCode::kInvalid, "what is not durable cannot be acknowledged");
  acknowledged_ = std::max(acknowledged_, upto);
  if (segments_.size() == 1 && acknowledged_ == last() && segments_.back().size >= segment_target())
    AMITY_CHECK(begin_segment());
  bool any = false;
  while (segments_.size() > 1 && segments_[1].first <= acknowledged_ + 1) {
    if (segments_.front().first == read_segment_) reader_.reset();
    if (::unlink(path_of(segments_.front().first).c_str()) != 0)
      return io_error(path_of(segments_.front().first));
    segments_.pop_front();
    any = true;
  }
  return any ? sync_directory() : Status{};
}

}  // namespace amity::edge
