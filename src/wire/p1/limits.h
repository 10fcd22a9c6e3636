// Limits of P1.
#pragma once

#include <cstddef>

namespace amity::p1 {

inline constexpr std::size_t kTelegramBytesMax = 16 * 1024;
inline constexpr std::size_t kSplitterBytesMax = 2 * kTelegramBytesMax;
inline constexpr std::size_t kDevicesMax = 10;  // M-Bus channels 0 to 9

inline constexpr std::size_t kPlacesMax = 256;  // of data sets whose addresses are remembered

}  // namespace amity::p1
