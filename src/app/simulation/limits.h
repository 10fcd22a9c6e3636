// Every limit and figure of the simulation that is not a choice of the user.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::simulation {

inline constexpr std::uint32_t kMetersMax = 20'000;
inline constexpr std::uint32_t kDaysMax =
    40;  // what the meters' profiles and the head-end's backfill reach back
inline constexpr std::uint64_t kSeedsMax = 100'000;

inline constexpr std::uint16_t kPushPort = 4060, kFramesPort = 4061;  // of the platform
inline constexpr std::int64_t kHistory_s =
    2 * 86'400;  // rows that the meters hold when the platform first starts
inline constexpr std::int64_t kSyncDelay_us_max = 20'000;  // of one group commit
inline constexpr std::int64_t kCheckpointEvery_s = 1'800;
inline constexpr std::int64_t kSaveCursorsEvery_s = 60;
inline constexpr std::int64_t kSettleStep_s = 3'600;
inline constexpr std::int64_t kSettleMin_s = 3 * 3'600;
inline constexpr std::int64_t kSettleMax_s =
    14 * 3'600;  // two lock-outs of the head-end and a reading
inline constexpr std::int64_t kNotYetRead_s =
    2 * 3'600;  // younger rows may still be on their way at the end
// A register heard on the air is of the second that its telegram says, by a clock that drifts.
inline constexpr std::int64_t kRadioClock_s = 30;
inline constexpr const char* kTownZone = "Australia/Sydney";
// Estimates are made while most late rows are still on their way, so that corrections happen.
inline constexpr std::int64_t kRereadGiveUp_s = 3 * 3'600;
inline constexpr std::int64_t kValidatedWithin_s = 4 * 3'600;  // of the end of a day
inline constexpr std::int64_t kCorrected_s = 600;
inline constexpr std::size_t kFactsPerStep = 10'000;

}  // namespace amity::simulation
