// Energy of a bill period by bucket, and what its intervals were worth.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mdm/determinants/period_map.h"
#include "mdm/profile/interval_view.h"

namespace amity::mdm {

struct BucketUse {
  std::int64_t sum = 0;  // raw integers of the channel
  std::uint32_t slots = 0;
};

struct EnergyUse {
  std::array<BucketUse, kBucketsMax> bucket{};  // of the map's buckets
  std::int64_t total = 0;
  std::array<std::uint32_t, kSlotQualities> by_quality{};  // intervals

  std::uint32_t of(SlotQuality quality) const {
    return by_quality[static_cast<std::size_t>(quality)];
  }
};

// kInvalid when the view is not the period's.
Status check_view(const IntervalView& view, const PeriodMap& map);
// The view was checked. Values within kMagnitudeMax.
void energy_by_bucket(const IntervalView& view, const PeriodMap& map, EnergyUse& out);

// Import against export of the same point.
enum class Netting : std::uint8_t {
  kNone = 0,      // both as measured: buy all, sell all
  kInterval = 1,  // within each interval
  kHour = 2,      // within each hour of the wall clock (needs intervals that divide it)
  kPeriod = 3,    // over the period, bucket by bucket: net metering
};
// What remains to be paid for and to be credited; intervals netted within a bucket only.
void net(const IntervalView& import, const IntervalView& exported, const PeriodMap& map,
         Netting netting, EnergyUse& bought, EnergyUse& sold);

}  // namespace amity::mdm
