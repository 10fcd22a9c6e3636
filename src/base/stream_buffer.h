// What has arrived of a stream and was not yet taken: bounded, and it counts what was thrown away.
#pragma once

#include "base/bytes.h"

namespace amity {

class StreamBuffer {
 public:
  explicit StreamBuffer(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Of what would exceed the bound, the oldest is dropped.
  void add(ByteView bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    append(buffer_, bytes);
    if (buffer_.size() > bytes_max_) drop(buffer_.size() - bytes_max_);
  }
  // Valid until the next add.
  ByteView rest() const { return ByteView(buffer_).subspan(taken_); }
  std::size_t size() const { return buffer_.size() - taken_; }
  bool empty() const { return size() == 0; }
  ByteView take(std::size_t count) {
    const ByteView taken = rest().first(count);
    taken_ += count;
    return taken;
  }
  // Of what was taken last: it stands in front of what comes next, too.
  void give_back(std::size_t count) { taken_ -= count; }
  void drop(std::size_t count) {
    taken_ += count;
    dropped_ += count;
  }
  void clear() {
    buffer_.clear();
    taken_ = 0;
  }
  std::size_t dropped_bytes() const { return dropped_; }

 private:
  Bytes buffer_;
  std::size_t bytes_max_, taken_ = 0, dropped_ = 0;
};

}  // namespace amity
