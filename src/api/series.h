// A channel's readings as the points of a chart: raw, or aggregated by hour or local day. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/civil.h"
#include "model/channel.h"
#include "model/reading.h"

namespace amity::api {

enum class Resolution : std::uint8_t { kRaw, kHour, kDay };

struct SeriesStats {
  std::size_t missing =
      0;  // intervals of (from, to] up to `now` that have no reading; raw interval channels only
  std::size_t estimated = 0;  // "E" points
};

// Energy and volume add up over time; power, voltage and the like are means.
bool adds_up(Unit unit);

// Appends `[[epoch_s,value,"A"],...]`. Buckets are named by their end. Their value is the sum
// (adds_up), the mean, or the last reading of a register; their quality the worst within, and "S"
// where intervals are missing from a sum.
SeriesStats append_points(std::string& out, const Channel& channel,
                          std::span<const Reading> readings, Resolution resolution,
                          const TimeZone& zone);
// Interval ends of (from, min(to, now)].
std::size_t expected_intervals(std::uint32_t interval_s, UtcSeconds from, UtcSeconds to,
                               UtcSeconds now);

}  // namespace amity::api
