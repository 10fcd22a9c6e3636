// From a stream of bytes to frames, and from segments to messages. Both keep a bounded buffer.
#pragma once

#include <optional>

#include "wire/hdlc/frame.h"

namespace amity::hdlc {

// Finds frames in bytes that arrive in any pieces. Noise before, between and inside frames is
// dropped: what starts like a frame but fails its HCS or FCS is given up one flag further on. Holds
// at most one frame and what was fed with it.
class FrameSplitter {
 public:
  void feed(ByteView bytes);
  // The next whole frame; its information is valid until the next call of any member.
  std::optional<Frame> next();
  // Nothing more came for too long: gives up the frame that has begun, keeps looking in what
  // follows its flag.
  void give_up_partial();
  void clear();
  // Frees the buffer when it is empty.
  void shrink();

  std::size_t heap_bytes() const { return buffer_.capacity(); }
  std::size_t buffered() const { return buffer_.size() - start_; }
  // Bytes dropped because they belonged to no valid frame, flags between frames not counted.
  std::uint64_t bytes_dropped() const { return dropped_; }

 private:
  bool seek_flag();
  void drop(std::size_t count);

  Bytes buffer_;
  std::size_t start_ = 0;  // buffer_[start_] is the opening flag, once one was found
  std::uint64_t dropped_ = 0;
};

// Joins the segments of a message (segmentation bit). A message that outgrows the limit is dropped
// as a whole.
class Reassembler {
 public:
  explicit Reassembler(std::size_t message_bytes_max = kMessageBytesMax)
      : limit_(message_bytes_max) {}

  // The whole message once its last segment is in; valid until the next call. Error: the limit; the
  // message is dropped.
  Result<std::optional<ByteView>> add(bool segmented, ByteView information);
  void clear();
  void shrink();
  std::size_t heap_bytes() const { return message_.capacity(); }
  bool empty() const { return message_.empty() || complete_; }

 private:
  Bytes message_;
  std::size_t limit_;
  bool complete_ = false;
};

}  // namespace amity::hdlc
