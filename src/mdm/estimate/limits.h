#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::mdm {

// Days of one channel that estimation looks at together: eleven years, of a file; the platform takes
// a month and the look-back before it.
inline constexpr std::size_t kWindowDaysMax = 4'000;
// The blend looks this many days to either side for the same time of day.
inline constexpr int kBlendDays = 28;
inline constexpr std::size_t kVersionsMax = 1'000;  // of one interval

}  // namespace amity::mdm
