#include "wire/decode/frame_stream.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "wire/decode/decode.h"
#include "wire/decode/message.h"
#include "wire/hdlc/frame.h"
#include "wire/mbus/wired_frame.h"
#include "wire/mbus/wireless_frame.h"
#include "wire/p1/telegram.h"
#include "wire/sml/transport.h"

namespace amity::decode {
namespace {

constexpr std::array<std::uint8_t, 8> kSmlStart{0x1B, 0x1B, 0x1B, 0x1B, 1, 1, 1, 1};
constexpr std::uint8_t kHdlcFlag = 0x7E, kStx = 0x02, kEtx = 0x03;
constexpr std::size_t kDlmsStartBytes = 9;  // that tell a DLMS frame from others
constexpr std::uint8_t kLongStart = 0x68, kShortStart = 0x10;
constexpr std::size_t kShortFrameBytes = 5, kLongHeadBytes = 4;
constexpr std::size_t kFirstLineBytesMax = 128;  // of a P1 telegram
constexpr std::size_t kWirelessSizeBytes = 12;   // that tell how long a telegram is
// So many digits in a row are text: the head of no binary frame consists of digits alone.
constexpr std::size_t kHexDigitsSure = 24;

bool is_line_end(std::uint8_t c) {
  return c == '\r' || c == '\n' || c == 0;
}

bool is_printable(std::uint8_t c) {
  return c >= 0x20 && c < 0x7F;
}

// Between its flags stands a frame whose header is right.
Result<std::size_t> damaged_hdlc_bytes(ByteView rest) {
  AMITY_TRY(const hdlc::FrameHead head, hdlc::check_frame_head(rest.subspan(1)));
  const std::size_t size = head.length + 2;
  if (rest.size() < size || rest[size - 1] != kHdlcFlag)
    return make_error(ErrorCode::kMalformed, "no HDLC frame");
  return size;
}

// How far the bytes are hexadecimal digits and blanks.
std::size_t hex_prefix(ByteView bytes) {
  std::size_t n = 0;
  while (n < bytes.size() && (std::isxdigit(bytes[n]) != 0 || bytes[n] == ' ' || bytes[n] == '\t'))
    ++n;
  return n;
}

}  // namespace

void FrameStream::pass_over(StreamBuffer& buffer, std::size_t count, bool garbage) {
  buffer.drop(count);
  if (garbage) garbage_ += count;
}

std::optional<StreamFrame> FrameStream::next(bool at_end) {
  while (true) {
    if (!line_.empty()) {
      if (auto frame = take(line_, true)) return frame;
      continue;
    }
    if (stream_.empty()) return std::nullopt;
    const std::size_t before = stream_.size();
    if (take_line(at_end)) continue;
    if (auto frame = take(stream_, at_end)) return frame;
    if (stream_.size() == before) return std::nullopt;
  }
}

// True when a line was taken into `line_` (or passed over, where its digits are no bytes).
bool FrameStream::take_line(bool at_end) {
  const ByteView rest = stream_.rest();
  const std::size_t digits = hex_prefix(rest);
  const bool ends = digits < rest.size() ? is_line_end(rest[digits]) : at_end;
  if (!ends || digits < kHexDigitsSure) return false;
  auto bytes = bytes_from_hex_text(as_text(rest.first(digits)));
  if (!bytes.ok()) {
    pass_over(stream_, digits, true);
    return true;
  }
  stream_.drop(digits);
  line_.clear();
  line_.add(*bytes);
  return true;
}

std::optional<StreamFrame> FrameStream::take(StreamBuffer& buffer, bool at_end) {
  while (!buffer.empty()) {
    const ByteView rest = buffer.rest();
    const Front found = front(rest, at_end);
    if (found.size == 0 && !at_end && rest.size() <= kStreamFrameBytesMax) return std::nullopt;
    if (found.size == 0) {
      pass_over(buffer, at_end ? 1 : rest.size(), true);
    } else if (found.protocol) {
      const StreamFrame frame{*found.protocol, buffer.take(found.size)};
      buffer.give_back(found.shared);
      return frame;
    } else {
      pass_over(buffer, found.size, found.garbage);
      return std::nullopt;  // what follows may be a line
    }
  }
  return std::nullopt;
}

FrameStream::Front FrameStream::front(ByteView rest, bool at_end) {
  if (const auto dlms = front_of_dlms(rest, at_end)) return *dlms;
  const bool telegram =
      rest.size() >= mbus::kWirelessHeadBytes && mbus::looks_like_wmbus_head(rest);
  const bool told = rest.size() >= mbus::kWirelessHeadBytes || at_end;
  if (rest[0] == kHdlcFlag && told && !telegram) return {1, std::nullopt, false};
  if (is_line_end(rest[0]) || (rest[0] == mbus::kAckByte && !telegram))
    return {1, std::nullopt, false};
  const std::size_t digits = hex_prefix(rest);
  if (digits == rest.size() && !at_end) return {};  // of a line whose end is not there yet
  if (digits >= kHexDigitsSure && !at_end) return {digits};
  if (const auto text = front_of_text(rest, at_end)) return *text;
  if (const auto sml = front_of_sml(rest, at_end)) return *sml;
  return front_of_mbus(rest, at_end);
}

std::optional<FrameStream::Front> FrameStream::front_of_text(ByteView rest, bool at_end) {
  // "/KFM" reads as the head of a wireless telegram, too: there, what follows is no text.
  const ByteView head = rest.first(std::min(rest.size(), mbus::kWirelessHeadBytes));
  const bool text = rest[0] == '/' && std::all_of(head.begin(), head.end(), [](std::uint8_t c) {
                      return is_printable(c) || is_line_end(c);
                    });
  if (text) {
    if (const auto readout = front_of_readout(rest, at_end)) return *readout;
  }
  const bool sealed = rest[0] == p1::kEncryptedTag && (rest.size() < 2 || rest[1] == 8);
  if (!text && !sealed) return std::nullopt;
  const auto first_line = rest.first(std::min(rest.size(), kFirstLineBytesMax));
  if (text && first_line.size() == kFirstLineBytesMax &&
      std::find(first_line.begin(), first_line.end(), '\n') == first_line.end())
    return std::nullopt;
  const p1::TelegramSpan span = p1::find_telegram(rest, at_end);
  if (span.offset != 0) return Front{span.offset};
  return span.size ? Front{*span.size, Protocol::kP1} : Front{};
}

// The identification's line, STX, data, ETX, and the character that checks them.
std::optional<FrameStream::Front> FrameStream::front_of_readout(ByteView rest, bool at_end) {
  const auto line = std::find(rest.begin(), rest.end(), '\n');
  if (line == rest.end() || line + 1 == rest.end() || *(line + 1) != kStx) return std::nullopt;
  const auto end = std::find(line, rest.end(), kEtx);
  const auto size = static_cast<std::size_t>(end - rest.begin()) + 2;
  if (size > rest.size()) return at_end ? std::nullopt : std::optional(Front{});
  return Front{size, Protocol::kIec62056_21};
}

std::optional<FrameStream::Front> FrameStream::front_of_dlms(ByteView rest, bool at_end) {
  const bool flag = rest[0] == kHdlcFlag;
  if (flag && rest.size() > 1 && rest[1] == kHdlcFlag) return Front{1, std::nullopt, false};
  const bool wrapped = rest[0] == 0 && (rest.size() < 2 || rest[1] == 1);
  const bool wired = rest[0] == kLongStart && rest.size() > 6 && starts_framed_message(rest);
  if (!flag && !wrapped && !wired) return std::nullopt;
  if (rest.size() < kDlmsStartBytes)
    return at_end || (flag && rest.size() > 1 && !starts_framed_message(rest))
               ? std::nullopt
               : std::optional(Front{});
  if (!starts_framed_message(rest)) return std::nullopt;
  auto size = framed_message_bytes(rest);
  if (!size.ok() && size.error().code == ErrorCode::kTruncated)
    return at_end ? std::optional(Front{1}) : Front{};
  // A frame with a right header and a damaged content is one: its decoder says what is wrong.
  if (!size.ok() && flag) size = damaged_hdlc_bytes(rest);
  if (!size.ok()) return std::nullopt;
  Front found{*size, Protocol::kDlms};
  // The flag behind a frame may be the one in front of the next, which may not be there yet.
  const bool flag_shared = flag && (rest.size() == *size || rest[*size] >> 4 == 0xA);
  if (flag_shared) found.shared = 1;
  return found;
}

std::optional<FrameStream::Front> FrameStream::front_of_sml(ByteView rest, bool at_end) {
  const std::size_t known = std::min(rest.size(), kSmlStart.size());
  if (!std::equal(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(known),
                  kSmlStart.begin()))
    return std::nullopt;
  if (known < kSmlStart.size()) return at_end ? std::nullopt : std::optional(Front{});
  const auto span = sml::find_frame(rest, 0);
  if (!span) return std::nullopt;
  if (span->complete) return Front{span->size, Protocol::kSml};
  const bool goes_on = span->size == rest.size() && !at_end;
  return goes_on ? Front{} : Front{span->size};  // cut short by another start
}

FrameStream::Front FrameStream::front_of_mbus(ByteView rest, bool at_end) {
  if (rest[0] == kLongStart || rest[0] == kShortStart) {
    const auto wired = mbus::next_wired_frame(rest);
    if (wired.ok() && *wired) {
      const bool answer = (*wired)->kind == mbus::WiredFrame::Kind::kLong;
      return {(*wired)->size, answer ? std::optional(Protocol::kMbus) : std::nullopt, false};
    }
    const std::size_t head = rest[0] == kLongStart ? kLongHeadBytes : kShortFrameBytes;
    if (wired.ok() && !at_end && (rest.size() < head || rest[0] == kLongStart)) return {};
  }
  if (rest.size() >= mbus::kWirelessHeadBytes && !mbus::looks_like_wmbus_head(rest)) return {1};
  if (rest.size() < kWirelessSizeBytes) return at_end ? Front{1} : Front{};
  const std::size_t size = mbus::wireless_frame_bytes(rest);
  if (rest.size() < size) return at_end ? Front{1} : Front{};
  return {size, Protocol::kWmbus};
}

}  // namespace amity::decode
