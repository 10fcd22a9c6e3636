#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::ops {

// Days of interval bitmaps held in memory; older completeness is answered from the store.
inline constexpr int kWindowDays = 8;
// Shortest interval a channel may have, in seconds: bounds a day's bitmap to 1,440 bits.
inline constexpr std::uint32_t kIntervalMin_s = 60;
// Times between register readings from which a device's period is learnt.
inline constexpr std::size_t kGapsKept = 9;
inline constexpr std::size_t kGapsToLearn = 2;
inline constexpr std::int64_t kPeriodHoursMax = 24;
inline constexpr std::size_t kAbnormalMax = 100'000;

}  // namespace amity::ops
