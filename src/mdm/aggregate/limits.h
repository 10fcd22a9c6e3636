#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::mdm {

inline constexpr std::size_t kVirtualMetersMax = 1'000'000;
inline constexpr std::size_t kTermsMax = 10'000'000;         // of all virtual meters
inline constexpr std::int64_t kUnitCoefficient = 1'000'000;  // coefficients are millionths
inline constexpr std::int64_t kCoefficientMax = 1'000 * kUnitCoefficient;
inline constexpr std::size_t kBoardSlotsMax = 40'000;  // a year of quarter hours

}  // namespace amity::mdm
