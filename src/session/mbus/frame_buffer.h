// Frames out of a stream of bytes that may be cut anywhere. Of this room alone.
#pragma once

#include <algorithm>
#include <optional>

#include "session/mbus/limits.h"
#include "wire/mbus/wired_frame.h"

namespace amity::mbus {

class FrameBuffer {
 public:
  void add(ByteView bytes) {
    // A frame that is not whole yet, and what else arrived with its end.
    constexpr std::size_t kMost = 2 * kWiredFrameBytesMax;
    const std::size_t room = kMost - std::min(buffer_.size(), kMost);
    append(buffer_, bytes.first(std::min(room, bytes.size())));
  }
  void clear() { buffer_.clear(); }
  bool empty() const { return buffer_.empty(); }

  // The frame at the front, which stays until it is dropped. nullopt: more is needed.
  Result<std::optional<WiredFrame>> front() const { return next_wired_frame(buffer_); }
  ByteView bytes(std::size_t size) const { return ByteView(buffer_).first(size); }
  void drop(std::size_t size) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
  }

 private:
  Bytes buffer_;
};

}  // namespace amity::mbus
