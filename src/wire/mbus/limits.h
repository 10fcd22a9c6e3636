// Every limit of the M-Bus codecs, by name.
#pragma once

#include <cstddef>

namespace amity::mbus {

inline constexpr std::size_t kFrameBytesMax = 512;    // 256 of the link layer, and their checks
inline constexpr std::size_t kDifExtensionsMax = 10;  // EN 13757-3, 6.3.6
inline constexpr std::size_t kVifExtensionsMax = 10;
inline constexpr std::size_t kRecordHeadBytesMax = 1 + kDifExtensionsMax + 1 + kVifExtensionsMax;
inline constexpr std::size_t kRecordsMax = 256;      // of one telegram: more than its bytes allow
inline constexpr std::size_t kPointsInTimeMax = 64;  // storages of one telegram that carry a date
inline constexpr std::size_t kKeysPerMeterMax = 8;   // keys that are tried for one telegram
inline constexpr std::size_t kKeysMax = 1u << 24;
inline constexpr std::size_t kFormatsMax = 256;         // compact frame formats that are remembered
inline constexpr std::size_t kExpandedBytesMax = 1024;  // a compact frame made whole again

}  // namespace amity::mbus
