#include "wire/hdlc/frame.h"

#include <fmt/core.h>

#include "base/crc.h"

namespace amity::hdlc {
namespace {

constexpr unsigned kFormatType = 0xA000;
constexpr unsigned kFormatTypeMask = 0xF000;
constexpr unsigned kSegmentationBit = 0x0800;
constexpr unsigned kLengthMask = 0x07FF;
constexpr std::uint8_t kPollFinalBit = 0x10;

struct UnnumberedCode {
  FrameType type;
  std::uint8_t code;  // without the P/F bit
};
constexpr UnnumberedCode kUnnumbered[] = {
    {FrameType::kSetNormalResponseMode, 0x83},
    {FrameType::kUnnumberedAcknowledge, 0x63},
    {FrameType::kDisconnect, 0x43},
    {FrameType::kDisconnectedMode, 0x0F},
    {FrameType::kFrameReject, 0x87},
    {FrameType::kUnnumberedInformation, 0x03},
};

void encode_address(const Address& address, ByteWriter& out) {
  AMITY_ASSERT(address.valid());
  const auto septet = [](unsigned v) { return static_cast<std::uint8_t>((v & 0x7F) << 1); };
  if (address.size == 4) {
    out.u8(septet(address.upper >> 7u));
    out.u8(septet(address.upper));
    out.u8(septet(address.lower >> 7u));
    out.u8(septet(address.lower) | 1u);
  } else if (address.size == 2) {
    out.u8(septet(address.upper));
    out.u8(septet(address.lower) | 1u);
  } else {
    out.u8(septet(address.upper) | 1u);
  }
}

// The last byte of an address has its lowest bit set.
Result<Address> decode_address(ByteReader& in) {
  std::uint8_t septets[4];
  std::size_t count = 0;
  for (;;) {
    AMITY_TRY(const std::uint8_t byte, in.u8());
    septets[count++] = byte >> 1u;
    if (byte & 1u) break;
    if (count == 4) return in.malformed("the address does not end within 4 bytes");
  }
  if (count == 3) return in.malformed("the address has 3 bytes");
  Address address;
  address.size = static_cast<std::uint8_t>(count);
  if (count == 4) {
    address.upper = static_cast<std::uint16_t>(septets[0] << 7u | septets[1]);
    address.lower = static_cast<std::uint16_t>(septets[2] << 7u | septets[3]);
  } else {
    address.upper = septets[0];
    if (count == 2) address.lower = septets[1];
  }
  return address;
}

Result<std::uint16_t> decode_format(ByteReader& in) {
  AMITY_TRY(const std::uint16_t format, in.u16());
  if ((format & kFormatTypeMask) != kFormatType) {
    return Error{ErrorCode::kMalformed, in.offset() - 2,
                 fmt::format("format field {:04X} is not of type 3", format)};
  }
  if ((format & kLengthMask) < kFrameLengthMin) {
    return Error{ErrorCode::kMalformed, in.offset() - 2,
                 fmt::format("frame length {} is below {}", format & kLengthMask, kFrameLengthMin)};
  }
  return format;
}

Status check_sequence(const char* name, ByteReader& in, ByteView covered) {
  AMITY_TRY(const std::uint16_t given, in.u16_le());
  const std::uint16_t computed = crc16_x25(covered);
  if (given == computed) return {};
  return Error{ErrorCode::kMalformed, in.offset() - 2,
               fmt::format("{} is {:04X}, computed {:04X}", name, given, computed)};
}

}  // namespace

bool Address::valid() const {
  if (size == 1) return upper < 0x80 && lower == 0;
  if (size == 2) return upper < 0x80 && lower < 0x80;
  return size == 4 && upper < 0x4000 && lower < 0x4000;
}

std::string to_string(const Address& address) {
  return address.size == 1 ? std::to_string(address.upper)
                           : fmt::format("{}/{}", address.upper, address.lower);
}

std::string_view to_string(FrameType type) {
  switch (type) {
    case FrameType::kInformation:
      return "I";
    case FrameType::kReceiveReady:
      return "RR";
    case FrameType::kReceiveNotReady:
      return "RNR";
    case FrameType::kSetNormalResponseMode:
      return "SNRM";
    case FrameType::kUnnumberedAcknowledge:
      return "UA";
    case FrameType::kDisconnect:
      return "DISC";
    case FrameType::kDisconnectedMode:
      return "DM";
    case FrameType::kFrameReject:
      return "FRMR";
    case FrameType::kUnnumberedInformation:
      return "UI";
  }
  return "?";
}

std::uint8_t encode_control(const Control& control) {
  const unsigned pf = control.poll_final ? kPollFinalBit : 0u;
  const unsigned nr = (control.receive & 7u) << 5u;
  switch (control.type) {
    case FrameType::kInformation:
      return static_cast<std::uint8_t>(nr | pf | (control.send & 7u) << 1u);
    case FrameType::kReceiveReady:
      return static_cast<std::uint8_t>(nr | pf | 0x01u);
    case FrameType::kReceiveNotReady:
      return static_cast<std::uint8_t>(nr | pf | 0x05u);
    default:
      break;
  }
  for (const UnnumberedCode& u : kUnnumbered) {
    if (u.type == control.type) return static_cast<std::uint8_t>(u.code | pf);
  }
  return static_cast<std::uint8_t>(0x03u | pf);
}

Result<Control> decode_control(std::uint8_t byte) {
  Control control;
  control.poll_final = (byte & kPollFinalBit) != 0;
  if ((byte & 0x01u) == 0) {
    control.type = FrameType::kInformation;
    control.receive = byte >> 5u;
    control.send = (byte >> 1u) & 7u;
    return control;
  }
  if ((byte & 0x0Fu) == 0x01u || (byte & 0x0Fu) == 0x05u) {
    control.type = (byte & 0x04u) ? FrameType::kReceiveNotReady : FrameType::kReceiveReady;
    control.receive = byte >> 5u;
    return control;
  }
  for (const UnnumberedCode& u : kUnnumbered) {
    if (u.code == (byte & ~kPollFinalBit)) {
      control.type = u.type;
      return control;
    }
  }
  return make_error(ErrorCode::kMalformed,
                    fmt::format("control field {:02X} is none of DLMS", byte));
}

void encode_frame(const Frame& frame, Bytes& out) {
  const std::size_t addresses = frame.destination.size + std::size_t{frame.source.size};
  const std::size_t information = frame.information.empty() ? 0 : frame.information.size() + 2;
  const std::size_t length = 2 + addresses + 1 + information + 2;
  AMITY_ASSERT(length <= kFrameLengthMax);
  out.reserve(out.size() + length + 2);
  ByteWriter writer(out);
  writer.u8(kFlag);
  const std::size_t start = out.size();
  writer.u16(
      static_cast<std::uint16_t>(kFormatType | (frame.segmented ? kSegmentationBit : 0u) | length));
  encode_address(frame.destination, writer);
  encode_address(frame.source, writer);
  writer.u8(encode_control(frame.control));
  std::uint16_t state = crc16_x25_add(kCrc16X25Start, ByteView(out).subspan(start));
  if (!frame.information.empty()) {
    const std::size_t hcs_at = out.size();
    writer.u16_le(crc16_x25_finish(state));
    writer.bytes(frame.information);
    state = crc16_x25_add(state, ByteView(out).subspan(hcs_at));
  }
  writer.u16_le(crc16_x25_finish(state));
  writer.u8(kFlag);
}

Result<Frame> decode_frame(ByteView bytes) {
  ByteReader in(bytes);
  AMITY_TRY(const std::uint16_t format, decode_format(in));
  const std::size_t length = format & kLengthMask;
  if (bytes.size() < length) return in.truncated(length - 2);
  if (bytes.size() > length) {
    return Error{ErrorCode::kMalformed, length,
                 fmt::format("{} bytes follow the frame", bytes.size() - length)};
  }
  Frame frame;
  frame.segmented = (format & kSegmentationBit) != 0;
  AMITY_TRY(frame.destination, decode_address(in));
  AMITY_TRY(frame.source, decode_address(in));
  AMITY_TRY(const std::uint8_t control, in.u8());
  AMITY_TRY(frame.control, decode_control(control));
  if (in.remaining() > 2) {
    AMITY_CHECK(check_sequence("HCS", in, bytes.first(in.position())));
    if (in.remaining() < 2) return in.truncated(2);
    AMITY_TRY(frame.information, in.take(in.remaining() - 2));
  }
  AMITY_CHECK(check_sequence("FCS", in, bytes.first(in.position())));
  return frame;
}

Result<FrameHead> check_frame_head(ByteView bytes) {
  ByteReader in(bytes);
  AMITY_TRY(const std::uint16_t format, decode_format(in));
  const FrameHead head{format & kLengthMask};
  AMITY_CHECK(decode_address(in));
  AMITY_CHECK(decode_address(in));
  AMITY_TRY(const std::uint8_t control, in.u8());
  AMITY_CHECK(decode_control(control));
  if (head.length < in.position() + 2) return in.malformed("the frame is shorter than its header");
  if (head.length > in.position() + 2)
    AMITY_CHECK(check_sequence("HCS", in, bytes.first(in.position())));
  return head;
}

}  // namespace amity::hdlc
