// Limits of IEC 62056-21.
#pragma once

#include <cstddef>

namespace amity::iec62056_21 {

inline constexpr std::size_t kGroupsMax = 64;            // values in parentheses behind one address
inline constexpr std::size_t kBlockBytesMax = 1 << 20;   // of one data block, STX to BCC
inline constexpr std::size_t kLineBytesMax = 256;        // of identification and request messages
inline constexpr std::size_t kAddressCharsMax = 32;      // device address
inline constexpr std::size_t kProfileRowsMax = 100'000;  // of a load profile
inline constexpr std::size_t kProfileColumnsMax = 32;

}  // namespace amity::iec62056_21
