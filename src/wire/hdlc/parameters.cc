#include "wire/hdlc/parameters.h"

#include <fmt/core.h>

#include <algorithm>

namespace amity::hdlc {
namespace {

constexpr std::uint8_t kFormatIdentifier = 0x81;
constexpr std::uint8_t kGroupIdentifier = 0x80;
constexpr std::uint8_t kTransmitBytes = 0x05;
constexpr std::uint8_t kReceiveBytes = 0x06;
constexpr std::uint8_t kTransmitWindow = 0x07;
constexpr std::uint8_t kReceiveWindow = 0x08;

void encode_size(std::uint8_t id, std::uint16_t value, ByteWriter& out) {
  out.u8(id);
  if (value <= 0xFF) {
    out.u8(1);
    out.u8(static_cast<std::uint8_t>(value));
  } else {
    out.u8(2);
    out.u16(value);
  }
}

void encode_window(std::uint8_t id, std::uint8_t value, ByteWriter& out) {
  out.u8(id);
  out.u8(4);
  out.u32(value);
}

std::uint32_t big_endian(ByteView bytes) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8u | byte;
  return value;
}

Status apply(std::uint8_t id, std::uint32_t value, const ByteReader& in, LinkParameters& out) {
  if (id == kTransmitBytes || id == kReceiveBytes) {
    if (value == 0) return in.malformed("an information field of 0 bytes is offered");
    const auto size =
        static_cast<std::uint16_t>(std::min<std::uint32_t>(value, kInformationBytesMax));
    (id == kTransmitBytes ? out.transmit_bytes_max : out.receive_bytes_max) = size;
  } else if (id == kTransmitWindow || id == kReceiveWindow) {
    if (value == 0) return in.malformed("a window of 0 frames is offered");
    const auto window = static_cast<std::uint8_t>(std::min<std::uint32_t>(value, kWindowMax));
    (id == kTransmitWindow ? out.transmit_window : out.receive_window) = window;
  }
  return {};
}

}  // namespace

void encode_parameters(const LinkParameters& p, Bytes& out) {
  if (p == LinkParameters{}) return;
  ByteWriter writer(out);
  writer.u8(kFormatIdentifier);
  writer.u8(kGroupIdentifier);
  const std::size_t length_at = out.size();
  writer.u8(0);
  encode_size(kTransmitBytes, p.transmit_bytes_max, writer);
  encode_size(kReceiveBytes, p.receive_bytes_max, writer);
  encode_window(kTransmitWindow, p.transmit_window, writer);
  encode_window(kReceiveWindow, p.receive_window, writer);
  out[length_at] = static_cast<std::uint8_t>(out.size() - length_at - 1);
}

Result<LinkParameters> decode_parameters(ByteView information) {
  LinkParameters parameters;
  if (information.empty()) return parameters;
  ByteReader in(information);
  AMITY_TRY(const std::uint8_t format, in.u8());
  AMITY_TRY(const std::uint8_t group, in.u8());
  if (format != kFormatIdentifier || group != kGroupIdentifier) {
    return in.malformed(fmt::format("parameters start with {:02X}{:02X}, not 8180", format, group));
  }
  AMITY_TRY(const std::uint8_t length, in.u8());
  if (in.remaining() < length) return in.truncated(length);
  const std::size_t end = in.position() + length;
  while (in.position() < end) {
    AMITY_TRY(const std::uint8_t id, in.u8());
    AMITY_TRY(const std::uint8_t size, in.u8());
    AMITY_TRY(const ByteView value, in.take(size));
    if (size > 4) continue;  // none of ours is longer
    AMITY_CHECK(apply(id, big_endian(value), in, parameters));
  }
  return parameters;
}

LinkParameters negotiate(const LinkParameters& ours, const LinkParameters& peers) {
  LinkParameters agreed;
  agreed.transmit_bytes_max = std::min(ours.transmit_bytes_max, peers.receive_bytes_max);
  agreed.receive_bytes_max = std::min(ours.receive_bytes_max, peers.transmit_bytes_max);
  agreed.transmit_window = std::min(ours.transmit_window, peers.receive_window);
  agreed.receive_window = std::min(ours.receive_window, peers.transmit_window);
  return agreed;
}

Result<ByteView> strip_llc(ByteView message) {
  if (message.size() < 3)
    return Error{ErrorCode::kTruncated, 0, "the message is shorter than an LLC header"};
  if (message[0] != 0xE6 || (message[1] != 0xE6 && message[1] != 0xE7)) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("LLC header starts {:02X}{:02X}", message[0], message[1]));
  }
  return message.subspan(3);
}

}  // namespace amity::hdlc
