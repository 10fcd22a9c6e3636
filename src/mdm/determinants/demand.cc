#include "mdm/determinants/demand.h"

#include <algorithm>

namespace amity::mdm {
namespace {

struct Search {
  const IntervalView& view;
  std::uint32_t width;  // slots of a window
  bool sliding, whole;
  Peak peak;
  bool any = false;

  void take(std::int64_t energy, std::uint32_t first) {
    ++peak.windows;
    if (any && energy <= peak.energy) return;
    any = true;
    peak.energy = energy;
    peak.first = first;
    peak.last = first + width;
  }

  // Windows of one interval, nothing missing: the commonest.
  void single(std::uint32_t first, std::uint32_t last) {
    const std::int64_t* value = view.value.data();
    std::int64_t best = INT64_MIN;
    for (std::uint32_t i = first; i < last; ++i) best = value[i] > best ? value[i] : best;
    peak.windows += last - first;
    if (any && best <= peak.energy) return;
    any = true;
    peak.energy = best;
    peak.first = static_cast<std::uint32_t>(std::find(value + first, value + last, best) - value);
    peak.last = peak.first + 1;
  }

  void range(std::uint32_t first, std::uint32_t last) {
    if (width == 1 && whole && first < last) return single(first, last);
    if (!sliding) first = (first + width - 1) / width * width;
    stretch(first, last);
  }

  // Windows from `first` on, wherever that is.
  void stretch(std::uint32_t first, std::uint32_t last) {
    const std::uint32_t step = sliding ? 1 : width;
    if (first + width > last) return;
    std::int64_t energy = 0;
    std::uint32_t bad = 0;
    const auto put = [&](std::uint32_t i, int sign) {
      energy += sign * view.value[i];
      if (!whole && view.quality[i] >= SlotQuality::kFailed)
        bad += static_cast<std::uint32_t>(sign);
    };
    for (std::uint32_t i = first; i < first + width; ++i) put(i, 1);
    for (std::uint32_t at = first;;) {
      if (bad == 0)
        take(energy, at);
      else
        ++peak.left_out;
      if (at + step + width > last) return;
      for (std::uint32_t k = 0; k < step; ++k) put(at + k, -1), put(at + width + k, 1);
      at += step;
    }
  }
};

}  // namespace

Status check_window(const DemandWindow& window, std::uint32_t interval_s) {
  if (window.window_s == 0 || 3'600 % window.window_s != 0 || interval_s == 0 ||
      window.window_s % interval_s != 0) {
    return make_error(ErrorCode::kInvalid,
                      "a demand window of " + std::to_string(window.window_s) +
                          " s divides no hour or is no multiple of the interval of " +
                          std::to_string(interval_s) + " s");
  }
  return {};
}

Peak max_demand(const IntervalView& view, const PeriodMap& map, const DemandWindow& window,
                bool whole) {
  Search search{view, window.window_s / map.interval_s, window.sliding, whole, {}};
  if (window.buckets == kAllBuckets) {
    search.range(0, static_cast<std::uint32_t>(map.slots));
  } else {
    for (auto run = map.runs.begin(); run != map.runs.end(); ++run) {
      if (!window.counts(*run)) continue;
      const std::uint32_t first = run->first;
      while (run + 1 != map.runs.end() && window.counts(*(run + 1)))
        ++run;  // neighbours are one stretch
      search.range(first, run->last);
    }
  }
  search.peak.power = search.peak.energy * (3'600 / window.window_s);
  return search.peak;
}

Result<Peak> demand_at(const IntervalView& view, const PeriodMap& map, const DemandWindow& window,
                       std::span<const UtcSeconds> begins) {
  Search search{view, window.window_s / map.interval_s, window.sliding, false, {}};
  bool told = false;
  for (const UtcSeconds begin : begins) {
    const std::int64_t offset = begin - map.period.start;
    if (offset < 0 || begin + window.window_s > map.period.end) continue;
    if (offset % map.interval_s != 0)
      return make_error(ErrorCode::kInvalid, to_iso(begin) + " lies within an interval");
    told = true;
    const auto first = static_cast<std::uint32_t>(offset / map.interval_s);
    search.stretch(first, first + search.width);
  }
  if (!told) return make_error(ErrorCode::kInvalid, "the system's peak of this period is not told");
  search.peak.power = search.peak.energy * (3'600 / window.window_s);
  return search.peak;
}

}  // namespace amity::mdm
