// Limits of the decoder.
#pragma once

#include <cstddef>

namespace amity::decode {

inline constexpr std::size_t kInputBytesMax = 64 * 1024 * 1024;
inline constexpr std::size_t kMessageBytesMax = 1024 * 1024;  // of joined segments or blocks
inline constexpr std::size_t kProtectionLayersMax = 4;        // ciphered APDUs inside each other
inline constexpr std::size_t kKeysMax = 64;                   // tried on each APDU

}  // namespace amity::decode
