#include "wire/mbus/wired_frame.h"

namespace amity::mbus {
namespace {

constexpr std::uint8_t kShortStart = 0x10, kLongStart = 0x68, kStop = 0x16;
constexpr std::size_t kShortBytes = 5, kLongOverhead = 6;
constexpr std::size_t kLongLengthMin = 3;  // C, A, CI

std::uint8_t sum(ByteView bytes) {
  unsigned total = 0;
  for (const std::uint8_t byte : bytes) total += byte;
  return static_cast<std::uint8_t>(total);
}

Status check_end(ByteView checked, std::uint8_t check, std::uint8_t stop, std::size_t check_at) {
  if (const std::uint8_t computed = sum(checked); computed != check) {
    const std::uint8_t both[] = {check, computed};
    const std::string hex = to_hex(both);
    return make_error(ErrorCode::kMalformed,
                      "the checksum is " + hex.substr(0, 2) + ", computed " + hex.substr(2),
                      check_at);
  }
  if (stop != kStop) return make_error(ErrorCode::kMalformed, "no stop byte 16", check_at + 1);
  return {};
}

Result<std::optional<WiredFrame>> next_short(ByteView stream) {
  if (stream.size() < kShortBytes) return std::optional<WiredFrame>();
  AMITY_CHECK(check_end(stream.subspan(1, 2), stream[3], stream[4], 3));
  WiredFrame frame;
  frame.kind = WiredFrame::Kind::kShort;
  frame.control = stream[1];
  frame.address = stream[2];
  frame.size = kShortBytes;
  return std::optional(frame);
}

Result<std::optional<WiredFrame>> next_long(ByteView stream) {
  if (stream.size() >= 2 && stream[1] < kLongLengthMin) {
    return make_error(ErrorCode::kMalformed,
                      "the length is " + std::to_string(stream[1]) + ", at least 3 are needed", 1);
  }
  if (stream.size() >= 3 && stream[2] != stream[1])
    return make_error(ErrorCode::kMalformed, "the two length fields differ", 2);
  if (stream.size() >= 4 && stream[3] != kLongStart)
    return make_error(ErrorCode::kMalformed, "no second start byte 68", 3);
  if (stream.size() < 2 || stream.size() < stream[1] + kLongOverhead)
    return std::optional<WiredFrame>();
  const std::size_t length = stream[1];
  AMITY_CHECK(
      check_end(stream.subspan(4, length), stream[4 + length], stream[5 + length], 4 + length));
  WiredFrame frame;
  frame.kind = WiredFrame::Kind::kLong;
  frame.control = stream[4];
  frame.address = stream[5];
  frame.user_data = stream.subspan(6, length - 2);
  frame.size = length + kLongOverhead;
  return std::optional(frame);
}

}  // namespace

Result<std::optional<WiredFrame>> next_wired_frame(ByteView stream) {
  if (stream.empty()) return std::optional<WiredFrame>();
  switch (stream[0]) {
    case kAckByte: {
      WiredFrame frame;
      frame.size = 1;
      return std::optional(frame);
    }
    case kShortStart:
      return next_short(stream);
    case kLongStart:
      return next_long(stream);
    default:
      return make_error(ErrorCode::kMalformed, "no start byte (68, 10 or E5)");
  }
}

Result<WiredFrame> wired_frame_from(ByteView frame) {
  AMITY_TRY(const auto found, next_wired_frame(frame));
  if (!found) return make_error(ErrorCode::kTruncated, "the frame is cut", frame.size());
  if (found->size != frame.size())
    return make_error(ErrorCode::kMalformed, "bytes after the frame", found->size);
  return *found;
}

Bytes short_frame(std::uint8_t control, std::uint8_t address) {
  return {kShortStart, control, address, static_cast<std::uint8_t>(control + address), kStop};
}

Result<Bytes> long_frame(std::uint8_t control, std::uint8_t address, ByteView user_data) {
  const std::size_t length = user_data.size() + 2;
  if (user_data.empty() || length > 255) {
    return make_error(ErrorCode::kLimit, std::to_string(user_data.size()) +
                                             " bytes of user data: 1 to 253 fit a frame");
  }
  const auto l = static_cast<std::uint8_t>(length);
  Bytes out = {kLongStart, l, l, kLongStart, control, address};
  append(out, user_data);
  out.push_back(sum(ByteView(out).subspan(4)));
  out.push_back(kStop);
  return out;
}

bool looks_like_mbus(ByteView frame) {
  if (frame.size() == kShortBytes) return frame[0] == kShortStart && frame[4] == kStop;
  return frame.size() >= kLongOverhead + kLongLengthMin && frame[0] == kLongStart &&
         frame[1] == frame[2] && frame[3] == kLongStart && frame.size() == frame[1] + kLongOverhead;
}

}  // namespace amity::mbus
