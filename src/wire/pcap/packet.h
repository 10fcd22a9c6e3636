// One captured packet down to its UDP or TCP payload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace amity::pcap {

struct Packet {
  bool tcp = false;
  std::string from, to;  // address and port
  std::uint32_t sequence = 0;
  bool opens = false;   // SYN: the first byte follows `sequence`
  bool closes = false;  // FIN or RST
  ByteView payload;     // inside the captured bytes
};

// nullopt: not UDP or TCP over IP, or a later fragment. Link types as in the registry of
// tcpdump.org.
std::optional<Packet> parse_packet(std::uint32_t link_type, ByteView bytes);
bool knows_link_type(std::uint32_t link_type);

}  // namespace amity::pcap
