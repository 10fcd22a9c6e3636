#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::mdm {

// The wall clock is cut into quarter hours: a schedule's bounds are whole ones.
inline constexpr std::int32_t kScheduleStep_s = 900;
inline constexpr std::size_t kScheduleSteps = 96;
inline constexpr std::size_t kBucketsMax = 32;
inline constexpr std::size_t kSeasonsMax = 24;
inline constexpr std::size_t kScheduleRulesMax = 10'000;
inline constexpr std::size_t kPeriodDaysMax = 400;  // of one bill

}  // namespace amity::mdm
