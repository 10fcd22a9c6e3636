// What is remembered of a channel between days, so that no rule reads history: O(1) per reading,
// about 700 bytes. Serialisable; docs/formats/vee_state.md.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "mdm/profile/limits.h"

namespace amity::mdm {

struct PeriodStatistics {
  std::int64_t total = 0;  // of the days counted
  std::int64_t peak = 0;   // highest interval of the days counted
  std::int32_t days = 0;

  friend bool operator==(const PeriodStatistics&, const PeriodStatistics&) = default;
};

struct LikeDay {
  std::int32_t day = 0;  // LocalDay::number
  std::int64_t total = 0;

  friend bool operator==(const LikeDay&, const LikeDay&) = default;
};

struct LikeDays {
  std::array<LikeDay, kLikeDaysKept> latest{};  // newest first
  std::uint8_t count = 0;

  friend bool operator==(const LikeDays&, const LikeDays&) = default;
};

struct ChannelState {
  std::int32_t last_day = INT32_MIN;  // newest local day taken in
  // The last valid interval, and the run of equal values it ends.
  std::int64_t last_value = 0;
  std::int64_t last_end_s = 0;  // 0: none yet
  std::uint32_t run_length = 0;
  // Days in a row that needed estimation.
  std::uint32_t estimated_days = 0;
  // Days without any use in a row.
  std::uint32_t idle_days = 0;
  std::int32_t period = INT32_MIN;  // number of periods[current]: local day number / kPeriodDays
  std::array<PeriodStatistics, kPeriodsKept> periods{};  // ring: slot = number mod kPeriodsKept
  std::array<LikeDays, kWeekdays> like{};

  // The statistics of a period; empty ones where nothing is kept of it.
  PeriodStatistics of_period(std::int32_t number) const;
  // Mean of the latest like days' totals; 0 without any.
  std::int64_t like_mean(std::uint8_t kind) const;
  // A complete, valid day. False (and unchanged) when `day` is not newer than what was taken in.
  bool add_day(std::int32_t day, std::uint8_t kind, std::int64_t total, std::int64_t peak);
  void move_to_period(std::int32_t number);

  friend bool operator==(const ChannelState&, const ChannelState&) = default;
};

std::int32_t period_of_day(std::int32_t day);

void encode_state(const ChannelState& state, Bytes& out);
// The whole of `bytes` is one state.
Result<ChannelState> decode_state(ByteView bytes);

}  // namespace amity::mdm
