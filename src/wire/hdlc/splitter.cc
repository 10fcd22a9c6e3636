#include "wire/hdlc/splitter.h"

#include <fmt/core.h>

#include <algorithm>

namespace amity::hdlc {

void FrameSplitter::feed(ByteView bytes) {
  if (start_ > 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(start_));
    start_ = 0;
  }
  append(buffer_, bytes);
}

void FrameSplitter::drop(std::size_t count) {
  start_ += count;
  dropped_ += count;
}

// To a flag that is followed by something else than a flag. False: more bytes are needed.
bool FrameSplitter::seek_flag() {
  const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(start_);
  drop(static_cast<std::size_t>(std::find(from, buffer_.end(), kFlag) - from));
  while (start_ + 1 < buffer_.size() && buffer_[start_ + 1] == kFlag) ++start_;
  return start_ + 1 < buffer_.size();
}

std::optional<Frame> FrameSplitter::next() {
  while (seek_flag()) {
    const ByteView rest = ByteView(buffer_).subspan(start_ + 1);
    const Result<FrameHead> head = check_frame_head(rest);
    if (!head.ok()) {
      if (head.error().code == ErrorCode::kTruncated) return std::nullopt;
      drop(1);
      continue;
    }
    if (rest.size() < head->length + 1) return std::nullopt;
    if (rest[head->length] == kFlag) {
      if (Result<Frame> frame = decode_frame(rest.first(head->length)); frame.ok()) {
        start_ += 1 + head->length;  // the closing flag may open the next frame
        return *std::move(frame);
      }
    }
    drop(1);
  }
  return std::nullopt;
}

void FrameSplitter::give_up_partial() {
  if (buffered() > 0) drop(1);
}

void FrameSplitter::clear() {
  buffer_.clear();
  start_ = 0;
}

void FrameSplitter::shrink() {
  if (buffered() == 0 || (buffered() == 1 && buffer_[start_] == kFlag)) {
    buffer_ = Bytes();
    start_ = 0;
  }
}

Result<std::optional<ByteView>> Reassembler::add(bool segmented, ByteView information) {
  if (complete_) clear();
  if (message_.size() + information.size() > limit_) {
    clear();
    return make_error(ErrorCode::kLimit,
                      fmt::format("a segmented message is longer than {} bytes", limit_));
  }
  append(message_, information);
  if (segmented) return std::optional<ByteView>();
  complete_ = true;
  return std::optional<ByteView>(message_);
}

void Reassembler::clear() {
  message_.clear();
  complete_ = false;
}

void Reassembler::shrink() {
  if (empty()) {
    message_ = Bytes();
    complete_ = false;
  }
}

}  // namespace amity::hdlc
