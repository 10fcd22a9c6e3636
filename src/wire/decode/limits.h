// Limits of the decoder.
#pragma once

#include <cstddef>

namespace amity::decode {

inline constexpr std::size_t kInputBytesMax = 64 * 1024 * 1024;
inline constexpr std::size_t kMessageBytesMax = 1024 * 1024;    // of joined segments or blocks
inline constexpr std::size_t kProtectionLayersMax = 4;          // ciphered APDUs inside each other
inline constexpr std::size_t kStreamBytesMax = 64 * 1024;       // of frames that are not whole yet
inline constexpr std::size_t kStreamFrameBytesMax = 16 * 1024;  // of one frame of a stream
inline constexpr std::size_t kAttributesKnownMax = 4'096, kProfilesKnownMax = 64;  // of a meter
inline constexpr std::size_t kConversationsMax = 1'024;  // of DLMS in one recording
inline constexpr std::size_t kKeysMax = 64;              // tried on each APDU

}  // namespace amity::decode
