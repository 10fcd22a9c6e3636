#include "wire/sml/transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/crc.h"

namespace amity::sml {
namespace {

constexpr std::uint8_t kEscape = 0x1B, kStart = 0x01, kEnd = 0x1A;
constexpr std::size_t kWord = 4, kStartBytes = 2 * kWord, kEndBytes = 2 * kWord;
constexpr std::size_t kPaddingMax = 3;

bool is_word(ByteView bytes, std::size_t at, std::uint8_t value) {
  return at + kWord <= bytes.size() && bytes[at] == value && bytes[at + 1] == value &&
         bytes[at + 2] == value && bytes[at + 3] == value;
}
bool is_start(ByteView bytes, std::size_t at) {
  return is_word(bytes, at, kEscape) && is_word(bytes, at + kWord, kStart);
}

std::size_t find_escape(ByteView bytes, std::size_t from) {
  while (from + kWord <= bytes.size()) {
    const void* hit = std::memchr(bytes.data() + from, kEscape, bytes.size() - from);
    if (hit == nullptr) break;
    from = static_cast<std::size_t>(static_cast<const std::uint8_t*>(hit) - bytes.data());
    if (is_word(bytes, from, kEscape)) return from;
    ++from;
  }
  return bytes.size();
}

std::uint16_t computed(Crc crc, ByteView bytes) {
  return crc == Crc::kX25 ? crc16_x25(bytes) : crc16_kermit(bytes);
}

// `frame` from its start: the size of it where its end is there; 0 while it may go on; where it
// breaks off, the (negative) place.
struct Walk {
  std::size_t size = 0;
  bool ended = false;
  bool broken = false;
};
Walk walk(ByteView frame) {
  std::size_t at = kStartBytes;
  while (true) {
    at = find_escape(frame, at);
    if (at + kEndBytes > frame.size()) return {frame.size(), false, false};
    if (is_word(frame, at + kWord, kEscape)) {
      at += 2 * kWord;
    } else if (frame[at + kWord] == kEnd && frame[at + kWord + 1] <= kPaddingMax) {
      return {at + kEndBytes, true, false};
    } else if (is_start(frame, at)) {
      return {at, false, true};
    } else {
      ++at;  // the payload's own 1B before an escape, or noise
    }
  }
}

}  // namespace

std::string_view to_string(Crc crc) {
  return crc == Crc::kX25 ? "X-25" : "KERMIT";
}

Result<Payload> open_frame(ByteView frame, Bytes& scratch) {
  if (frame.size() > kFrameBytesMax)
    return make_error(ErrorCode::kLimit, "an SML frame above 64 KiB", kFrameBytesMax);
  if (is_word(frame, 0, kEscape) && is_word(frame, kWord, 0x02))
    return make_error(ErrorCode::kUnsupported, "SML transport protocol version 2", kWord);
  if (!is_start(frame, 0)) return make_error(ErrorCode::kMalformed, "no SML start sequence");
  const Walk walked = walk(frame);
  if (!walked.ended) {
    return make_error(walked.broken ? ErrorCode::kMalformed : ErrorCode::kTruncated,
                      "the SML frame has no end sequence", walked.size);
  }
  if (walked.size != frame.size())
    return make_error(ErrorCode::kMalformed, "bytes behind the SML end sequence", walked.size);

  Payload payload;
  const std::size_t crc_at = frame.size() - 2;
  const unsigned sent = frame[crc_at] | frame[crc_at + 1] << 8;
  if (sent != computed(Crc::kX25, frame.first(crc_at))) {
    payload.crc = Crc::kKermit;
    if (sent != computed(Crc::kKermit, frame.first(crc_at))) {
      return make_error(ErrorCode::kMalformed,
                        fmt::format("the frame's CRC is {:04X}, computed {:04X}", sent,
                                    computed(Crc::kX25, frame.first(crc_at))),
                        crc_at);
    }
  }
  const std::size_t padding = frame[crc_at - 1];
  const std::size_t end = frame.size() - kEndBytes;
  if (end < kStartBytes + padding)
    return make_error(ErrorCode::kMalformed, "more padding than payload", crc_at - 1);
  payload.bytes = frame.subspan(kStartBytes, end - padding - kStartBytes);
  std::size_t escape = find_escape(payload.bytes, 0);
  if (escape == payload.bytes.size()) return payload;
  scratch.clear();
  std::size_t copied = 0;
  while (escape < payload.bytes.size()) {
    const bool doubled = is_word(payload.bytes, escape + kWord, kEscape);
    append(scratch, payload.bytes.subspan(copied, escape + (doubled ? kWord : 1) - copied));
    copied = escape + (doubled ? 2 * kWord : 1);
    escape = find_escape(payload.bytes, copied);
  }
  append(scratch, payload.bytes.subspan(copied));
  payload.bytes = scratch;
  return payload;
}

void encode_frame(ByteView payload, Crc crc, Bytes& out) {
  const std::size_t start = out.size();
  out.insert(out.end(), kWord, kEscape);
  out.insert(out.end(), kWord, kStart);
  std::size_t copied = 0;
  for (std::size_t at = find_escape(payload, 0); at < payload.size();
       at = find_escape(payload, copied)) {
    append(out, payload.subspan(copied, at + kWord - copied));
    out.insert(out.end(), kWord, kEscape);
    copied = at + kWord;
  }
  append(out, payload.subspan(copied));
  const std::size_t padding = (kWord - (out.size() - start) % kWord) % kWord;
  out.insert(out.end(), padding, 0);
  out.insert(out.end(), kWord, kEscape);
  ByteWriter writer(out);
  writer.u8(kEnd);
  writer.u8(static_cast<std::uint8_t>(padding));
  writer.u16_le(computed(crc, ByteView(out).subspan(start)));
}

std::optional<FrameSpan> find_frame(ByteView recording, std::size_t from) {
  for (std::size_t at = find_escape(recording, from); at < recording.size();
       at = find_escape(recording, at + 1)) {
    if (!is_start(recording, at)) continue;
    const Walk walked = walk(recording.subspan(at));
    return FrameSpan{at, walked.size, walked.ended};
  }
  return std::nullopt;
}

std::optional<ByteView> FrameSplitter::next() {
  while (const auto span = find_frame(stream_.rest(), 0)) {
    stream_.drop(span->offset);
    if (span->complete && span->size <= kFrameBytesMax) return stream_.take(span->size);
    const bool goes_on = span->size == stream_.size();
    if (goes_on && span->size <= kFrameBytesMax) return std::nullopt;
    stream_.drop(span->size);  // cut short by another start, or too long
  }
  // What may be the beginning of a start sequence stays.
  if (stream_.size() >= kStartBytes) stream_.drop(stream_.size() - (kStartBytes - 1));
  return std::nullopt;
}

}  // namespace amity::sml
