// Who a telegram is from: manufacturer, identification number, version, device type (EN 13757-3,
// 5.4 to 5.7).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace amity::mbus {

struct Address {
  std::uint16_t manufacturer = 0;  // three letters of five bits
  std::uint32_t id = 0;            // eight BCD digits: 0x12345678 is printed "12345678"
  std::uint8_t version = 0;
  std::uint8_t type = 0;  // device type, "medium"

  friend bool operator==(const Address&, const Address&) = default;
};

inline constexpr std::size_t kAddressBytes = 8;

// As the link layer has it: manufacturer, id, version, type. Eight bytes each.
Address link_address_from(ByteView bytes);
// As the long header of the transport layer has it: id, manufacturer, version, type.
Address transport_address_from(ByteView bytes);
void append_link_address(const Address& address, Bytes& out);
void append_transport_address(const Address& address, Bytes& out);

// "ELS"; where the code is not three letters, four hexadecimal digits. Fits a small string.
std::string manufacturer_text(std::uint16_t code);
// Of three letters A-Z; 0 where it is none.
std::uint16_t manufacturer_code(std::string_view letters);
// "12345678"; digits above nine are shown as A-F (C-F are wildcards of a secondary address).
std::string id_text(std::uint32_t id);
void append_id_text(std::uint32_t id, std::string& out);
// "water", "heat", ...; "reserved" where the standard has none.
std::string_view device_type_text(std::uint8_t type);

}  // namespace amity::mbus
