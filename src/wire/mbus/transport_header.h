// The headers between the link layer and the data: extended link layer (EN 13757-4, 13.2), AFL and
// transport layer (EN 13757-7, 6 and 7).
#pragma once

#include <cstdint>

#include "wire/mbus/address.h"
#include "wire/mbus/control_information.h"
#include "wire/mbus/layout.h"

namespace amity::mbus {

struct ExtendedLink {
  std::uint8_t communication_control = 0, access_number = 0;
  bool has_address = false;  // of the other side
  Address address;
  bool has_session = false;
  std::uint32_t session = 0;     // number, minutes, encryption in bits 31 to 29
  std::uint16_t crc = 0;         // of what follows, decrypted
  std::size_t protected_at = 0;  // where that is: the CRC's own place
  std::size_t next_at = 0;

  bool encrypted() const { return session >> 29 == 1; }
};
// `at` is where the CI 8C to 8F stands.
Result<ExtendedLink> parse_extended_link(ByteView frame, std::size_t at, Layout& layout);

struct Authentication {
  bool present = false;
  bool more_fragments = false;
  std::uint8_t fragment = 0;
  bool has_control = false;
  std::uint8_t control = 0;  // MCL: algorithm in bits 3 to 0
  bool has_counter = false;
  std::uint32_t counter = 0;  // MCR
  bool has_length = false;
  std::uint16_t length = 0;  // ML
  ByteView mac;
  std::size_t next_at = 0;
};
Result<Authentication> parse_authentication(ByteView frame, std::size_t at, Layout& layout);

struct TransportHeader {
  std::uint8_t ci = 0;
  const ControlInformation* information = nullptr;
  Address address;  // long header only
  std::uint8_t access_number = 0, status = 0;
  std::uint16_t configuration = 0;
  std::uint8_t extension = 0;  // of the configuration, modes 7 and 13
  std::size_t payload_at = 0;

  std::uint8_t mode() const { return configuration >> 8 & 0x1F; }
  std::size_t encrypted_blocks() const { return configuration >> 4 & 0x0F; }
};
// `wired` frames of old meters have a configuration FFFF, which says nothing.
Result<TransportHeader> parse_transport(ByteView frame, std::size_t at, bool wired, Layout& layout);

}  // namespace amity::mbus
