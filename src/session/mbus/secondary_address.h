// Secondary addressing (EN 13757-3, 11.3): id, manufacturer, version, device type, each of which
// may be a wildcard.
#pragma once

#include <cstdint>

#include "wire/mbus/address.h"

namespace amity::mbus {

inline constexpr std::uint8_t kCiSelect = 0x52;

// Digits F of the id, manufacturer FFFF, version FF and type FF agree with anything.
inline constexpr Address kAnyMeter{0xFFFF, 0xFFFFFFFF, 0xFF, 0xFF};

bool selects(const Address& mask, const Address& meter);
// Nibble 7 (most significant) to 0 of the id that is a wildcard; -1: none is left.
int first_wildcard(std::uint32_t id);
std::uint32_t with_digit(std::uint32_t id, int nibble, unsigned digit);

// CI 52 and the eight bytes.
Bytes select_user_data(const Address& mask);

}  // namespace amity::mbus
