#include "wire/decode/live_decoder.h"

#include <algorithm>
#include <iterator>

#include "wire/decode/message.h"
#include "wire/dlms/apdu.h"

namespace amity::decode {
namespace {

constexpr std::size_t kStepBytes = kStreamBytesMax / 4;  // so that nothing is pushed out unread

bool is_streamed(Protocol protocol) {
  switch (protocol) {
    case Protocol::kMbus:
    case Protocol::kWmbus:
    case Protocol::kSml:
    case Protocol::kP1:
      return true;
    default:
      return false;
  }
}

// A line of digits and blanks that is one frame, not a part of one.
bool begins_with_frame_line(std::string_view text) {
  const std::size_t end = text.find_first_of("\r\n");
  if (end == std::string_view::npos) return false;
  FrameStream line;
  line.add(as_bytes(text.substr(0, end + 1)));
  return line.next(true) && !line.next(true) && line.garbage_bytes() == 0;
}

}  // namespace

bool begins_frame_stream(ByteView beginning, const DecodeOptions& options) {
  if (beginning.empty()) return false;
  if (looks_like_hex(beginning)) return begins_with_frame_line(as_text(beginning));
  const Protocol protocol = options.protocol.value_or(recognise(beginning));
  if (is_streamed(protocol) || starts_framed_message(beginning)) return true;
  const bool asked = as_text(beginning).starts_with("/?");
  if (beginning[0] == '/' && !asked) return true;  // a telegram or a readout, perhaps not whole
  if (protocol != Protocol::kDlms || options.protocol) return false;
  // Of no protocol that is known: the stream may begin within a frame, but for a bare APDU.
  return dlms::apdu_name(beginning[0]).empty();
}

void LiveDecoder::drain(bool at_end, std::vector<DecodedFrame>& out) {
  while (const auto frame = stream_.next(at_end)) {
    const bool sealed_p1 = frame->protocol == Protocol::kP1 && frame->bytes[0] != '/';
    std::optional<std::vector<DecodedFrame>> found;
    if (sealed_p1) found = reports_.decode_encrypted_p1(frame->bytes);
    if (!found) {
      // A sealed telegram that no key opens has the frame of a ciphered APDU.
      const bool dlms = sealed_p1 || frame->protocol == Protocol::kDlms;
      found =
          dlms ? dlms_.decode(frame->bytes, "") : reports_.decode(frame->protocol, frame->bytes);
    }
    std::move(found->begin(), found->end(), std::back_inserter(out));
  }
}

std::vector<DecodedFrame> LiveDecoder::add(ByteView bytes) {
  std::vector<DecodedFrame> out;
  for (std::size_t at = 0; at < bytes.size(); at += kStepBytes) {
    stream_.add(bytes.subspan(at, std::min(kStepBytes, bytes.size() - at)));
    drain(false, out);
  }
  return out;
}

std::vector<DecodedFrame> LiveDecoder::finish() {
  std::vector<DecodedFrame> out;
  drain(true, out);
  return out;
}

}  // namespace amity::decode
