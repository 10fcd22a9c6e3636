#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::mdm {

inline constexpr std::uint32_t kIntervalMin_s = 60;
// The longest local day (25 h, and 30 min of margin for odd zones) of the shortest interval.
inline constexpr std::size_t kSlotsPerDayMax = 1'530;
// A magnitude above this is no measurement: totals of days and periods stay within 64 bits.
inline constexpr std::int64_t kMagnitudeMax = 10'000'000'000'000;
inline constexpr std::int64_t kDayTotalMax =
    kMagnitudeMax * static_cast<std::int64_t>(kSlotsPerDayMax);
inline constexpr std::int64_t kMultiplierMax = 1'000'000'000;
// Days since 1970, 10,000 years either way.
inline constexpr std::int32_t kDayNumberMax = 3'652'500;
// Statistics: 13 periods of 28 days are 364 days, so that the same period last year has the same
// weekdays.
inline constexpr int kPeriodDays = 28;
inline constexpr int kPeriodsPerYear = 13;
inline constexpr int kPeriodsKept = kPeriodsPerYear + 1;
inline constexpr int kLikeDaysKept = 3;
inline constexpr int kWeekdays = 7;
// Readings of a register between two closures of one channel that are looked at.
inline constexpr std::size_t kRegisterPointsMax = 10'000;

}  // namespace amity::mdm
