// Final values from the first raw ones and their versions.
#include <algorithm>
#include <map>

#include "store/finals.h"

namespace amity::store {
namespace {

Quality marked(Quality quality, const FinalValue& final) {
  if (final.origin == FinalOrigin::kEstimated) return quality.with(QualityFlag::kEstimated);
  if (final.origin == FinalOrigin::kEdited) return quality.with(QualityFlag::kEdited);
  return quality;
}

// Local days that may touch this time; civil dates are at most 14 hours from UTC.
std::int32_t first_day(UtcSeconds after) {
  return day_of_interval_end(after + 1).value - 1;
}
std::int32_t last_day(UtcSeconds until) {
  return day_of_interval_end(until).value + 1;
}

// One validated day's points inside (after, until], as its first `steps` decisions left them.
void add_day(const FinalDay& day, std::span<const Reading> raw, UtcSeconds after, UtcSeconds until,
             ChannelId channel, FinalSeries& out, std::size_t steps = SIZE_MAX) {
  std::map<UtcSeconds, const FinalVersion*> newest;
  for (const FinalDay::Step& step : std::span(day.steps).first(std::min(steps, day.steps.size()))) {
    for (const FinalVersion& v : step.versions) newest[v.time] = &v;
  }
  auto reading = raw.begin();
  for (std::size_t i = 0; i < day.day.slots(); ++i) {
    const UtcSeconds time = day.day.start + static_cast<std::int64_t>(i + 1) * day.day.interval_s;
    while (reading != raw.end() && reading->time < time) ++reading;
    if (time <= after || time > until) continue;
    if (day.is_open(time)) {
      ++out.pending;
      continue;
    }
    const bool present = reading != raw.end() && reading->time == time;
    const auto version = newest.find(time);
    if (version == newest.end()) {
      if (present)
        out.points.push_back({*reading, {reading->value, FinalOrigin::kActual, 0, false}, 1});
      continue;
    }
    const FinalValue& now = version->second->now;
    if (now.origin == FinalOrigin::kWithdrawn) continue;
    const Quality quality = present ? reading->quality : Quality{};
    out.points.push_back(
        {{channel, time, now.value, marked(quality, now)}, now, version->second->version});
  }
}

}  // namespace

Result<FinalSeries> final_series(Readings& readings, Finals& finals, ChannelId channel,
                                 UtcSeconds after, UtcSeconds until) {
  FinalSeries out;
  if (until <= after) return out;
  AMITY_TRY(const auto raw, readings.read_first(channel, after, until));
  AMITY_TRY(const auto days, finals.days(channel, first_day(after), last_day(until)));
  auto uncovered = raw.begin();
  for (const FinalDay& day : days) {
    if (day.day.end() <= after || day.day.start >= until) continue;
    const auto begin = std::ranges::upper_bound(raw, day.day.start, {}, &Reading::time);
    const auto end = std::ranges::upper_bound(raw, day.day.end(), {}, &Reading::time);
    if (begin > uncovered) out.unsettled.insert(out.unsettled.end(), uncovered, begin);
    uncovered = std::max(uncovered, end);
    add_day(day, std::span(begin, end), after, until, channel, out);
  }
  out.unsettled.insert(out.unsettled.end(), uncovered, raw.end());
  out.pending += out.unsettled.size();
  return out;
}

Result<FinalSeries> final_day_at(Readings& readings, Finals& finals, ChannelId channel,
                                 std::int32_t number, std::uint32_t revision) {
  FinalSeries out;
  AMITY_TRY(const auto day, finals.day(channel, number));
  if (!day || revision == 0) return out;
  AMITY_TRY(const auto raw, readings.read_first(channel, day->day.start, day->day.end()));
  add_day(*day, raw, day->day.start, day->day.end(), channel, out, revision);
  return out;
}

Result<std::vector<VersionStep>> version_history(Readings& readings, Finals& finals,
                                                 ChannelId channel, UtcSeconds time) {
  std::vector<VersionStep> out;
  AMITY_TRY(const auto days, finals.days(channel, first_day(time - 1), last_day(time)));
  for (const FinalDay& day : days) {
    if (time <= day.day.start || time > day.day.end()) continue;
    for (const FinalDay::Step& step : day.steps) {
      const auto at = std::ranges::lower_bound(step.versions, time, {}, &FinalVersion::time);
      if (at == step.versions.end() || at->time != time) continue;
      if (out.empty() && at->before) {
        out.push_back({{time, at->version - 1, *at->before, {}}, day.steps.front().decision});
      }
      out.push_back({*at, step.decision});
    }
    if (!out.empty() || day.is_open(time)) continue;
    AMITY_TRY(const auto raw, readings.read_first(channel, time - 1, time));
    if (raw.empty() || (time - day.day.start) % day.day.interval_s != 0) continue;
    out.push_back({{time, 1, {raw.front().value, FinalOrigin::kActual, 0, false}, {}},
                   day.steps.front().decision});
  }
  return out;
}

}  // namespace amity::store
