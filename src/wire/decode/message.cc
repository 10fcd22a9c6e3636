#include "wire/decode/message.h"

#include <algorithm>

#include "wire/decode/limits.h"
#include "wire/dlms/wrapper.h"
#include "wire/hdlc/frame.h"

namespace amity::decode {
namespace {

constexpr std::uint8_t kMbusStart = 0x68, kMbusStop = 0x16;
constexpr std::uint8_t kMbusDlmsCiMax = 0x1F;  // CI-fields of DLMS (EN 13757-3, table 1)
constexpr std::size_t kFrameStartBytes = 9;    // that tell what a frame is and how long
constexpr std::size_t kMbusDlmsBytesMin = 5;   // C, A, CI, source and destination
constexpr std::uint8_t kMbusLastSegment =
    0x10;  // of a CI field 00 to 1F: final bit, and a sequence number

struct Segment {
  Message message;       // `apdu` holds this segment's bytes
  std::size_t next = 0;  // where the search goes on
  bool more = false;     // segments of the same message follow
};

bool is_hdlc(ByteView b) {
  return b.size() > 2 && b[0] == hdlc::kFlag && b[1] >> 4 == 0xA;
}
bool is_mbus(ByteView b) {
  return b.size() > 8 && b[0] == kMbusStart && b[1] == b[2] && b[3] == kMbusStart;
}
bool is_wrapper(ByteView b) {
  return b.size() > dlms::kWrapperHeaderSize && b[0] == 0 && b[1] == dlms::kWrapperVersion;
}
bool is_llc(ByteView b) {
  return b.size() > 3 && b[0] == 0xE6 && (b[1] == 0xE6 || b[1] == 0xE7) && b[2] == 0;
}

void put(Message& message, std::size_t offset, std::size_t size, const char* meaning,
         std::string value = {}) {
  message.transport_layout.push_back({offset, size, 1, meaning, std::move(value)});
}

// `bytes` with both flags, at `at` of the recording.
void explain_hdlc(ByteView bytes, std::size_t at, const hdlc::Frame& frame, Message& message) {
  const std::size_t destination = at + 3, source = destination + frame.destination.size,
                    control = source + frame.source.size, end = at + bytes.size();
  put(message, at, 1, "flag", "7E");
  put(message, at + 1, 2, "frame format", to_hex(bytes.subspan(1, 2)));
  put(message, destination, frame.destination.size, "destination", message.destination);
  put(message, source, frame.source.size, "source", message.source);
  put(message, control, 1, "control", std::string(hdlc::to_string(frame.control.type)));
  const std::size_t carried = frame.information.size();
  if (carried != 0) {
    put(message, control + 1, 2, "header check");
    message.carried.push_back({end - 3 - carried, carried});
  }
  put(message, end - 3, 2, "frame check");
  put(message, end - 1, 1, "flag", "7E");
}

Result<Segment> read_hdlc(ByteView recording, std::size_t at) {
  const std::size_t length =
      static_cast<std::size_t>(recording[at + 1] & 7) << 8 | recording[at + 2];
  if (recording.size() - at < length + 2) {
    return make_error(ErrorCode::kTruncated, "the HDLC frame ends early", at);
  }
  auto decoded = hdlc::decode_frame(recording.subspan(at + 1, length));
  if (!decoded.ok()) {
    Error error = std::move(decoded).error();
    error.offset += at + 1;
    return error;
  }
  const hdlc::Frame& frame = *decoded;
  Segment s;
  s.message.transport = Transport::kHdlc;
  s.message.source = hdlc::to_string(frame.source);
  s.message.destination = hdlc::to_string(frame.destination);
  s.message.size = length + 2;
  explain_hdlc(recording.subspan(at, length + 2), at, frame, s.message);
  s.more = frame.segmented;
  s.next = at + 1 + length;  // the closing flag may open the next frame
  const hdlc::FrameType type = frame.control.type;
  if (type == hdlc::FrameType::kInformation || type == hdlc::FrameType::kUnnumberedInformation) {
    s.message.apdu.assign(frame.information.begin(), frame.information.end());
  } else {
    s.message.frame_type = hdlc::to_string(type);
  }
  return s;
}

std::uint8_t sum_of(ByteView bytes) {
  std::uint8_t sum = 0;
  for (const std::uint8_t b : bytes) sum = static_cast<std::uint8_t>(sum + b);
  return sum;
}

// Of the user data. Some meters (Sagemcom T210-D) send more than 255 bytes and let the length field
// run over: 68 01 01 68 is a frame of 257.
std::size_t mbus_length(ByteView ahead) {
  const std::size_t length = ahead[1], more = length + 256;
  if (length >= kMbusDlmsBytesMin || ahead.size() < more + 6) return length;
  const bool fits =
      ahead[5 + more] == kMbusStop && ahead[4 + more] == sum_of(ahead.subspan(4, more));
  return fits ? more : length;
}

// 68 L L 68 C A CI, then source and destination transport address, a segment, checksum, 16.
Result<Segment> read_mbus(ByteView recording, std::size_t at) {
  const std::size_t length = mbus_length(recording.subspan(at));
  if (recording.size() - at < length + 6) {
    return make_error(ErrorCode::kTruncated, "the M-Bus frame ends early", at);
  }
  const ByteView body = recording.subspan(at + 4, length);
  if (recording[at + 4 + length] != sum_of(body)) {
    return make_error(ErrorCode::kMalformed, "M-Bus checksum is wrong", at + 4 + length);
  }
  if (recording[at + 5 + length] != kMbusStop) {
    return make_error(ErrorCode::kMalformed, "M-Bus stop byte is missing", at + 5 + length);
  }
  if (length < kMbusDlmsBytesMin || body[2] > kMbusDlmsCiMax) {
    return make_error(ErrorCode::kUnsupported, "the M-Bus frame carries no DLMS", at + 6);
  }
  Segment s;
  s.message.transport = Transport::kMbus;
  s.message.source = std::to_string(body[3]);
  s.message.destination = std::to_string(body[4]);
  s.message.size = length + 6;
  put(s.message, at, 4, "start and length");
  put(s.message, at + 4, 1, "C-field");
  put(s.message, at + 5, 1, "address");
  put(s.message, at + 6, 1, "CI-field");
  put(s.message, at + 7, 1, "source", s.message.source);
  put(s.message, at + 8, 1, "destination", s.message.destination);
  s.message.carried.push_back({at + 9, length - 5});
  put(s.message, at + 4 + length, 1, "checksum");
  put(s.message, at + 5 + length, 1, "stop");
  s.message.apdu.assign(body.begin() + 5, body.end());
  s.more = (body[2] & kMbusLastSegment) == 0;
  s.next = at + length + 6;
  return s;
}

Result<Segment> read_wrapper(ByteView recording, std::size_t at) {
  const std::size_t length = static_cast<std::size_t>(recording[at + 6]) << 8 | recording[at + 7];
  const std::size_t size = dlms::kWrapperHeaderSize + length;
  if (recording.size() - at < size) {
    return make_error(ErrorCode::kTruncated, "the wrapper frame ends early", at);
  }
  AMITY_TRY(const dlms::WrapperFrame frame, dlms::decode_wrapper(recording.subspan(at, size)));
  Segment s;
  s.message.transport = Transport::kWrapper;
  s.message.source = std::to_string(frame.source);
  s.message.destination = std::to_string(frame.destination);
  s.message.size = size;
  put(s.message, at, 2, "version");
  put(s.message, at + 2, 2, "source port", s.message.source);
  put(s.message, at + 4, 2, "destination port", s.message.destination);
  put(s.message, at + 6, 2, "length", std::to_string(length));
  s.message.carried.push_back({at + dlms::kWrapperHeaderSize, length});
  s.message.apdu.assign(frame.apdu.begin(), frame.apdu.end());
  s.next = at + size;
  return s;
}

Result<Segment> read_segment(ByteView recording, std::size_t at) {
  const ByteView ahead = recording.subspan(at);
  if (is_hdlc(ahead)) return read_hdlc(recording, at);
  if (is_mbus(ahead)) return read_mbus(recording, at);
  if (is_wrapper(ahead)) return read_wrapper(recording, at);
  Segment s;
  s.message.apdu.assign(ahead.begin(), ahead.end());
  s.message.size = ahead.size();
  s.message.carried.push_back({at, ahead.size()});
  s.next = recording.size();
  return s;
}

// LLC header, then a gateway's prefix, are taken off the whole message.
Status strip_prefixes(Message& m) {
  if (is_llc(m.apdu)) {
    m.apdu.erase(m.apdu.begin(), m.apdu.begin() + 3);
    m.prefix_bytes = 3;
  }
  if (!dlms::has_gateway_prefix(m.apdu)) return {};
  ByteReader in(m.apdu);
  AMITY_TRY(const dlms::GatewayPrefix prefix, dlms::read_gateway_prefix(in));
  m.gateway =
      "network " + std::to_string(prefix.network_id) + ", device " + to_hex(prefix.device_address);
  m.prefix_bytes += in.position();
  m.apdu.erase(m.apdu.begin(), m.apdu.begin() + static_cast<std::ptrdiff_t>(in.position()));
  return {};
}

// The next byte from which a framed message may start, or the end.
std::size_t resynchronise(ByteView recording, std::size_t at) {
  while (++at < recording.size()) {
    if (is_hdlc(recording.subspan(at)) || is_mbus(recording.subspan(at))) break;
  }
  return std::min(at, recording.size());
}

template <class T>
void append_parts(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

bool is_continued_by(const Message& joined, const Segment& s) {
  return s.message.transport == joined.transport && s.message.source == joined.source &&
         s.message.frame_type.empty();
}

// More general blocks follow the one that this is.
bool is_block_before_last(ByteView apdu) {
  constexpr std::uint8_t kGeneralBlock = 0xE0, kLastBlock = 0x80;
  if (is_llc(apdu)) apdu = apdu.subspan(3);
  return apdu.size() > 1 && apdu[0] == kGeneralBlock && (apdu[1] & kLastBlock) == 0;
}

}  // namespace

bool starts_framed_message(ByteView b) {
  if (b.size() > 1 && b[0] == hdlc::kFlag) return b[1] >> 4 == 0xA;
  if (b.size() > 6 && is_mbus(b)) return b[6] <= kMbusDlmsCiMax;
  // Ports are never 0, and what meters send begins with one of these.
  constexpr std::uint8_t kFirst[] = {0x0F, 0xC2, 0xC4, 0xDB, 0xDD, 0xDF, 0xE0, 0xE6, 0xE7};
  return is_wrapper(b) && (b[2] | b[3]) != 0 && (b[4] | b[5]) != 0 &&
         std::find(std::begin(kFirst), std::end(kFirst), b[8]) != std::end(kFirst);
}

Result<std::size_t> framed_message_bytes(ByteView ahead) {
  std::size_t at = 0;
  Bytes apdu;
  while (true) {
    while (at > 0 && at + 1 < ahead.size() && ahead[at] == hdlc::kFlag &&
           ahead[at + 1] == hdlc::kFlag)
      ++at;
    if (ahead.size() < at + kFrameStartBytes)
      return make_error(ErrorCode::kTruncated, "the message is not whole", at);
    if (!starts_framed_message(ahead.subspan(at)))
      return make_error(ErrorCode::kMalformed, "the last part of the message is missing", at);
    AMITY_TRY(const Segment segment, read_segment(ahead, at));
    append(apdu, segment.message.apdu);
    if (apdu.size() > kStreamFrameBytesMax)
      return make_error(ErrorCode::kLimit, "the message is too large", at);
    const bool closed = segment.message.transport == Transport::kHdlc;
    at = segment.next;
    if (!segment.more && !is_block_before_last(apdu)) return at + (closed ? 1 : 0);
    if (!segment.more) apdu.clear();
  }
}

std::string_view to_string(Transport transport) {
  switch (transport) {
    case Transport::kApdu:
      return "apdu";
    case Transport::kHdlc:
      return "hdlc";
    case Transport::kWrapper:
      return "wrapper";
    case Transport::kMbus:
      return "mbus";
  }
  return "";
}

std::vector<FoundMessage> find_messages(ByteView recording, bool explain) {
  std::vector<FoundMessage> found;
  if (recording.size() > kInputBytesMax) {
    found.push_back({0, make_error(ErrorCode::kLimit, "the recording is too large")});
    return found;
  }
  std::optional<Message> joined;  // segments so far
  const auto give_up = [&](const char* why) {
    if (joined)
      found.push_back({joined->offset, make_error(ErrorCode::kTruncated, why, joined->offset)});
    joined.reset();
  };
  std::size_t at = 0;
  while (at < recording.size()) {
    // Flags between frames.
    if (recording[at] == hdlc::kFlag && !is_hdlc(recording.subspan(at))) {
      ++at;
      continue;
    }
    Result<Segment> segment = read_segment(recording, at);
    if (!segment.ok()) {
      give_up("the last segment of the message is missing");
      found.push_back({at, std::move(segment).error()});
      at = resynchronise(recording, at);
      continue;
    }
    Segment& s = *segment;
    if (!explain) s.message.transport_layout.clear();
    if (joined && !is_continued_by(*joined, s))
      give_up("the last segment of the message is missing");
    if (joined) {
      append(joined->apdu, s.message.apdu);
      append_parts(joined->transport_layout, s.message.transport_layout);
      append_parts(joined->carried, s.message.carried);
      joined->size += s.message.size;
      ++joined->frames;
    } else {
      joined = std::move(s.message);
      joined->offset = at;
    }
    at = s.next;
    if (joined->apdu.size() > kMessageBytesMax) {
      give_up("the message is too large");
    } else if (!s.more) {
      const Status stripped = strip_prefixes(*joined);
      const std::size_t offset = joined->offset;
      if (stripped.ok()) {
        found.push_back({offset, std::move(*joined)});
      } else {
        found.push_back({offset, stripped.error()});
      }
      joined.reset();
    }
  }
  give_up("the last segment of the message is missing");
  return found;
}

}  // namespace amity::decode
