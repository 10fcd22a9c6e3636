#include "wire/pcap/packet.h"

#include <algorithm>
#include <charconv>

namespace amity::pcap {
namespace {

constexpr std::uint32_t kLoopback = 0, kEthernet = 1, kRawIp = 101, kOpenLoopback = 108,
                        kCooked = 113, kIpv4 = 228, kIpv6 = 229, kCooked2 = 276;
constexpr std::uint16_t kTypeVlan = 0x8100, kTypeQinQ = 0x88A8, kTypeIpv4 = 0x0800,
                        kTypeIpv6 = 0x86DD;
constexpr std::uint8_t kTcp = 6, kUdp = 17;

std::uint16_t u16(ByteView b, std::size_t at) {
  return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]);
}
std::uint32_t u32(ByteView b, std::size_t at) {
  return std::uint32_t{u16(b, at)} << 16 | u16(b, at + 2);
}

std::string ipv4_text(ByteView address) {
  std::string text;
  for (const std::uint8_t part : address) text += (text.empty() ? "" : ".") + std::to_string(part);
  return text;
}

// RFC 5952: the longest run of two or more zero groups becomes "::".
std::string ipv6_text(ByteView address) {
  std::size_t best = 8, best_size = 1;
  for (std::size_t start = 0; start < 8; ++start) {
    std::size_t end = start;
    while (end < 8 && u16(address, 2 * end) == 0) ++end;
    if (end - start > best_size) {
      best = start;
      best_size = end - start;
    }
  }
  std::string text = "[";
  for (std::size_t group = 0; group < 8; ++group) {
    if (group == best) {
      text += group == 0 ? "::" : ":";
      group += best_size - 1;
      continue;
    }
    char digits[5];
    const auto [end, error] =
        std::to_chars(digits, digits + sizeof digits, u16(address, 2 * group), 16);
    text.append(digits, end);
    if (group != 7) text += ':';
  }
  return text + "]";
}

std::optional<ByteView> after_ethernet(ByteView bytes, std::size_t type_at) {
  while (bytes.size() >= type_at + 2) {
    const std::uint16_t type = u16(bytes, type_at);
    if (type == kTypeIpv4 || type == kTypeIpv6) return bytes.subspan(type_at + 2);
    if (type != kTypeVlan && type != kTypeQinQ) return std::nullopt;
    type_at += 4;
  }
  return std::nullopt;
}

std::optional<ByteView> ip_of(std::uint32_t link_type, ByteView bytes) {
  switch (link_type) {
    case kEthernet:
      return after_ethernet(bytes, 12);
    case kCooked:
      return after_ethernet(bytes, 14);
    case kCooked2:
      if (bytes.size() < 20) return std::nullopt;
      return bytes.subspan(20);
    case kLoopback:
    case kOpenLoopback:
      if (bytes.size() < 4) return std::nullopt;
      return bytes.subspan(4);
    case kRawIp:
    case kIpv4:
    case kIpv6:
      return bytes;
    default:
      return std::nullopt;
  }
}

struct Ip {
  std::string from, to;
  std::uint8_t protocol = 0;
  ByteView payload;
};

std::optional<Ip> parse_ipv4(ByteView b) {
  if (b.size() < 20) return std::nullopt;
  const std::size_t header = (b[0] & 15u) * 4u;
  const std::size_t total = std::min<std::size_t>(u16(b, 2) == 0 ? b.size() : u16(b, 2), b.size());
  const bool later_fragment = (u16(b, 6) & 0x1FFF) != 0;
  if (header < 20 || header > total || later_fragment) return std::nullopt;
  return Ip{ipv4_text(b.subspan(12, 4)), ipv4_text(b.subspan(16, 4)), b[9],
            b.subspan(header, total - header)};
}

std::optional<Ip> parse_ipv6(ByteView b) {
  constexpr std::size_t kHeader = 40;
  if (b.size() < kHeader) return std::nullopt;
  const std::size_t end = std::min<std::size_t>(b.size(), kHeader + u16(b, 4));
  std::uint8_t next = b[6];
  std::size_t at = kHeader;
  // Hop-by-hop, routing and destination options stand before what is carried.
  while (next == 0 || next == 43 || next == 60) {
    if (at + 8 > end) return std::nullopt;
    next = b[at];
    at += (b[at + 1] + 1u) * 8u;
  }
  if (at > end) return std::nullopt;
  return Ip{ipv6_text(b.subspan(8, 16)), ipv6_text(b.subspan(24, 16)), next,
            b.subspan(at, end - at)};
}

}  // namespace

bool knows_link_type(std::uint32_t link_type) {
  constexpr std::uint32_t kKnown[] = {kLoopback, kEthernet, kRawIp, kOpenLoopback,
                                      kCooked,   kIpv4,     kIpv6,  kCooked2};
  return std::find(std::begin(kKnown), std::end(kKnown), link_type) != std::end(kKnown);
}

std::optional<Packet> parse_packet(std::uint32_t link_type, ByteView bytes) {
  const auto network = ip_of(link_type, bytes);
  if (!network || network->empty()) return std::nullopt;
  const unsigned version = (*network)[0] >> 4;
  const auto ip = version == 4   ? parse_ipv4(*network)
                  : version == 6 ? parse_ipv6(*network)
                                 : std::nullopt;
  if (!ip) return std::nullopt;
  const ByteView b = ip->payload;
  Packet packet;
  std::size_t header = 0;
  if (ip->protocol == kUdp && b.size() >= 8) {
    header = 8;
    packet.payload =
        b.subspan(8, std::min<std::size_t>(b.size(), std::max<std::size_t>(u16(b, 4), 8)) - 8);
  } else if (ip->protocol == kTcp && b.size() >= 20) {
    header = (b[12] >> 4) * 4u;
    if (header < 20 || header > b.size()) return std::nullopt;
    packet.tcp = true;
    packet.sequence = u32(b, 4);
    packet.opens = (b[13] & 0x02) != 0;
    packet.closes = (b[13] & 0x05) != 0;
    packet.payload = b.subspan(header);
  } else {
    return std::nullopt;
  }
  packet.from = ip->from + ":" + std::to_string(u16(b, 0));
  packet.to = ip->to + ":" + std::to_string(u16(b, 2));
  return packet;
}

}  // namespace amity::pcap
