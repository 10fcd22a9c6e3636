// A channel over consecutive local days, as arrays: what is known, and what is to be estimated.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mdm/profile/day_grid.h"

namespace amity::mdm {

enum class SlotState : std::uint8_t {
  kOpen = 0,  // missing or failed: to be estimated
  kActual = 1,
  kOutage = 2,  // actual, during an outage: says nothing of habits
  kEstimated =
      3,  // delivered as an estimate (the meter's or another system's): kept, but no example
};

class SeriesWindow {
 public:
  // The next day. `open`: a byte a slot, from slots_to_estimate(). kInvalid when it does not follow
  // the last one.
  Status add(const DayGrid& grid, std::span<const std::uint8_t> open);
  void clear();
  // Each value times its slot's factor [size()], within the magnitude of a measurement.
  void scale(std::span<const std::int64_t> factor);

  std::size_t size() const { return value_.size(); }
  std::size_t day_count() const { return days_.size(); }
  const LocalDay& day(std::size_t d) const { return days_[d]; }
  std::size_t first_slot(std::size_t d) const { return first_[d]; }
  std::size_t slots_of(std::size_t d) const {
    return (d + 1 < first_.size() ? first_[d + 1] : size()) - first_[d];
  }
  std::size_t day_of(std::size_t slot) const { return day_of_[slot]; }
  std::uint32_t interval_s() const { return interval_s_; }
  std::int64_t value(std::size_t slot) const { return value_[slot]; }
  SlotState state(std::size_t slot) const { return state_[slot]; }
  bool known(std::size_t slot) const { return state_[slot] != SlotState::kOpen; }
  UtcSeconds end_of(std::size_t slot) const {
    return start_ + static_cast<std::int64_t>(slot + 1) * interval_s_;
  }
  UtcSeconds start() const { return start_; }
  // Nothing but actual values, no outage.
  bool whole(std::size_t d) const { return whole_[d] != 0; }
  // Seconds since midnight that the wall clock shows where the interval begins.
  std::int32_t wall_of(std::size_t slot) const;
  // The slot of another day that begins at this wall time; none in a skipped hour.
  std::optional<std::size_t> slot_at(std::size_t d, std::int32_t wall_s) const;
  // The slot boundary at `time`: 0 .. size(); none between boundaries or outside.
  std::optional<std::size_t> boundary(UtcSeconds time) const;

 private:
  std::uint32_t interval_s_ = 0;
  UtcSeconds start_;
  std::vector<LocalDay> days_;
  std::vector<std::size_t> first_;
  std::vector<std::uint8_t> whole_;
  std::vector<std::int64_t> value_;
  std::vector<SlotState> state_;
  std::vector<std::uint32_t> day_of_;
};

}  // namespace amity::mdm
