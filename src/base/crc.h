// Cyclic redundancy checks of the metering protocols, by slices of one byte. "Check" is the value
// over "123456789".
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace amity {

// ISO 13239 / IEC 62056-46 (HDLC), C12.18, SML. Check 0x906E. Sent low byte first.
std::uint16_t crc16_x25(ByteView bytes);
// The same, fed in pieces: crc16_x25(a ++ b) ==
// crc16_x25_finish(crc16_x25_add(crc16_x25_add(kCrc16X25Start, a), b)).
inline constexpr std::uint16_t kCrc16X25Start = 0xFFFF;
std::uint16_t crc16_x25_add(std::uint16_t state, ByteView bytes);
inline std::uint16_t crc16_x25_finish(std::uint16_t state) {
  return static_cast<std::uint16_t>(state ^ 0xFFFF);
}

// DSMR P1 telegrams. Check 0xBB3D.
std::uint16_t crc16_arc(ByteView bytes);
// EN 13757 (wireless M-Bus): polynomial 3D65, not reflected. Check 0xC2B7. Sent high byte first on
// the air.
std::uint16_t crc16_en13757(ByteView bytes);
std::uint16_t crc16_en13757_add(std::uint16_t state, ByteView bytes);
inline constexpr std::uint16_t kCrc16En13757Start = 0;
inline std::uint16_t crc16_en13757_finish(std::uint16_t state) {
  return static_cast<std::uint16_t>(state ^ 0xFFFF);
}

// Some SML meters. Check 0x2189.
std::uint16_t crc16_kermit(ByteView bytes);

}  // namespace amity
