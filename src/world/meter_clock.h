// A meter's own clock: it drifts, is set, and sometimes jumps. Rows of the profiles carry its time, so it also
// knows which
// true interval lies behind a stamp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace amity::world {

class MeterClock {
 public:
  // Right at `since`, then `drift_ppm` fast.
  MeterClock(UtcSeconds since, double drift_ppm, std::uint32_t interval_s)
      : set_at_(since), drift_ppb_(static_cast<std::int32_t>(drift_ppm * 1'000)), interval_s_(interval_s) {}

  std::int64_t offset_ms(UtcSeconds true_now) const;
  UtcSeconds read(UtcSeconds true_now) const;

  // From now on it shows `shown`. False when it was moved too often to remember what lies behind the stamps.
  bool set(UtcSeconds true_now, UtcSeconds shown);

  // The end of the true interval whose energy is in the row stamped `stamp`; nothing: there is no such row, the clock
  // jumped over it. A stamp that came twice belongs to the first of its rows.
  std::optional<UtcSeconds> true_end(UtcSeconds stamp) const;
  // Whether the clock was moved by more than a second within the interval that truly ended at `end`.
  bool adjusted_in(UtcSeconds end) const;
  bool steady() const { return epochs_.empty() && adjusted_.empty(); }

 private:
  struct Epoch {
    UtcSeconds from;       // true time
    std::int64_t shift_s;  // stamp - true end, whole intervals
  };

  std::int64_t whole_shift(std::int64_t offset_ms) const;

  UtcSeconds set_at_;
  std::int64_t offset_ms_ = 0;
  std::int32_t drift_ppb_;
  std::uint32_t interval_s_;
  std::vector<Epoch> epochs_;             // ascending; before the first the shift is 0
  std::vector<UtcSeconds> adjusted_;
};

}  // namespace amity::world
