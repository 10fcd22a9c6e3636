// Limits of meter models.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::driver {

inline constexpr std::size_t kModelBytesMax = 256 * 1024;
inline constexpr std::size_t kFieldBytesMax = 8;    // of a number inside a manufacturer's block
inline constexpr std::int64_t kListItemsMax = 255;  // of a DLMS push
inline constexpr std::size_t kModelsMax = 10'000;
inline constexpr std::int64_t kDivisorMax =
    1'000'000'000;  // of a reading that means something else

}  // namespace amity::driver
