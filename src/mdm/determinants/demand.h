// Maximum demand: the highest mean power over a window, block (windows side by side from midnight)
// or sliding (a window begins with every interval). Energy of the window in integers; the power is
// that x 3600 / window, exact as windows divide the hour.
#pragma once

#include <cstdint>
#include <span>

#include "mdm/determinants/period_map.h"
#include "mdm/profile/interval_view.h"

namespace amity::mdm {

inline constexpr std::uint32_t kAllBuckets = UINT32_MAX;  // bit = bucket

struct DemandWindow {
  std::uint32_t window_s = 900;  // divides 3,600, a multiple of the interval
  bool sliding = false;
  std::uint32_t buckets = kAllBuckets;  // a window counts when it lies wholly in these

  bool counts(const BucketRun& run) const { return (buckets >> run.bucket & 1) != 0; }
};

struct Peak {
  std::int64_t energy = 0;            // of the window, raw integers of the channel
  std::int64_t power = 0;             // energy x 3600 / window: W where energy is Wh
  std::uint32_t first = 0, last = 0;  // slots [first, last) of the first such window
  std::uint32_t windows = 0;          // looked at
  std::uint32_t left_out = 0;         // with a missing or failed interval
};

Status check_window(const DemandWindow& window, std::uint32_t interval_s);
// `whole`: no interval is missing or failed (then quality is not read). Window and view were
// checked.
Peak max_demand(const IntervalView& view, const PeriodMap& map, const DemandWindow& window,
                bool whole);

// Coincident demand: over the windows that begin at these instants (the system's peaks), the
// highest of those within the period. kInvalid where none of them lies in it, or one within an
// interval.
Result<Peak> demand_at(const IntervalView& view, const PeriodMap& map, const DemandWindow& window,
                       std::span<const UtcSeconds> begins);

}  // namespace amity::mdm
