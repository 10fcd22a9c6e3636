// Profiles: which ranges are missing, and what their rows become.
#include <algorithm>

#include "headend/channel_map.h"
#include "headend/dlms_driver.h"

namespace amity::headend {

namespace {

constexpr std::int64_t kEventsAhead_s = 86'400;    // a log is asked for until so long after now: clocks run ahead
constexpr std::size_t kSameSecondEventsMax = 100;

}  // namespace

// What is stored says what is missing. The channel with the fewest readings decides: a push may have brought only
// some.
void DlmsDriver::learn_progress(const std::vector<Profile>& profiles, std::vector<ProfileProgress>& progress) {
  const bool daily = &progress == &meter_.daily;
  progress.resize(profiles.size());
  const UtcSeconds now = c_.runtime.clock.utc();
  const UtcSeconds from = std::max(now - c_.config.read.backfill_s, meter_.device.commissioned);
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if (progress[i].known()) continue;
    std::optional<std::vector<UtcSeconds>> fewest;
    for (const Column& column : profiles[i].columns) {
      if (column.role != ColumnRole::kValue) continue;
      const auto channel = channel_for(column, profiles[i]);
      if (!channel.ok()) continue;
      const auto stored = c_.readings.read(*channel, from, now);
      if (!stored.ok()) continue;
      std::vector<UtcSeconds> times;
      for (const Reading& r : *stored) {
        // Registers are also read in between: only what was captured at the turn of an hour can be a day's.
        if (!daily || r.time.value % 3'600 == 0) times.push_back(r.time);
      }
      if (!fewest || times.size() < fewest->size()) fewest = std::move(times);
    }
    const CaptureGrid grid = daily ? daily_grid(profiles[i]) : load_grid(profiles[i]);
    progress[i].learn(fewest.value_or(std::vector<UtcSeconds>{}), from, now, grid);
  }
}

void DlmsDriver::plan_profiles(const std::vector<Profile>& profiles, std::vector<ProfileProgress>& progress,
                               Ask::Kind kind, std::vector<Ask>& out) {
  learn_progress(profiles, progress);
  const UtcSeconds now = c_.runtime.clock.utc();
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const CaptureGrid grid =
        kind == Ask::Kind::kDaily ? daily_grid(profiles[i]) : load_grid(profiles[i]);
    const std::int64_t chunk_s = std::int64_t{grid.period_s} * rows_per_read();
    for (const TimeRange& range : progress[i].missing(now, grid)) {
      for (UtcSeconds after = range.after; after < range.until; after = after + chunk_s) {
        out.push_back({kind, i, {after, std::min(after + chunk_s, range.until)}});
      }
    }
  }
}

std::vector<DlmsDriver::Ask> DlmsDriver::plan() {
  std::vector<Ask> asks;
  const MeterLayout& layout = *meter_.layout;
  plan_profiles(layout.loads, meter_.loads, Ask::Kind::kLoad, asks);
  if (c_.config.read.daily) plan_profiles(layout.daily, meter_.daily, Ask::Kind::kDaily, asks);
  if (!c_.config.read.events) return asks;
  const UtcSeconds now = c_.runtime.clock.utc();
  meter_.log_newest.resize(layout.logs.size());
  for (std::size_t i = 0; i < layout.logs.size(); ++i) {
    auto& newest = meter_.log_newest[i];
    if (!newest) {
      const auto stored = c_.events.newest(meter_.device.id, dlms::to_reduced(layout.logs[i].obis));
      newest = stored.ok() ? *stored : UtcSeconds();
    }
    const UtcSeconds oldest = now - c_.config.read.backfill_s;
    // The newest second again: it may have held more events than had arrived.
    asks.push_back({Ask::Kind::kLog, i, {std::max(*newest - 1, oldest), now + kEventsAhead_s}});
  }
  return asks;
}

const Profile& DlmsDriver::profile_of(const Ask& ask) const {
  const MeterLayout& layout = *meter_.layout;
  switch (ask.kind) {
    case Ask::Kind::kLoad: return layout.loads[ask.index];
    case Ask::Kind::kDaily: return layout.daily[ask.index];
    case Ask::Kind::kLog: break;
  }
  return layout.logs[ask.index];
}

Result<ChannelId> DlmsDriver::channel_for(const Column& column, const Profile& profile) {
  return headend::channel_for(c_.registry, meter_, column, profile.period_s);
}

void DlmsDriver::take_event(const Ask& ask, const ProfileRow& row) {
  Event event = event_of(meter_, profile_of(ask), row);
  if (row.time == meter_.log_newest[ask.index]) {
    const auto known = c_.events.of_device(meter_.device.id, row.time - 1, row.time, kSameSecondEventsMax);
    if (known.ok() && std::find(known->begin(), known->end(), event) != known->end()) return;
  }
  events_.events.push_back(std::move(event));
}

Result<UtcSeconds> DlmsDriver::take_rows(const Ask& ask, ByteView encoded) {
  const Profile& profile = profile_of(ask);
  const bool log = ask.kind == Ask::Kind::kLog;
  dlms::DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  AMITY_TRY(const ProfileRows rows,
            parse_profile(tree.root(), profile, meter_.time, log ? kEventRowsMax : kProfileRowsMax));
  rows_quarantined_ += rows.refused;
  const std::vector<ChannelId> channels = log ? std::vector<ChannelId>{} : bind_columns(c_.registry, meter_, profile);
  UtcSeconds last;
  std::vector<std::int64_t> taken;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const ProfileRow& row = rows.rows[i];
    // Rows that were not asked for have an impossible time (or the meter ignores the selection): never stored.
    const bool inside = ask.range.after < row.time && row.time <= ask.range.until;
    const bool twice = !log && std::find(taken.begin(), taken.end(), row.time.value) != taken.end();
    if (!inside || twice) {
      ++rows_quarantined_;
      continue;
    }
    last = std::max(last, row.time);
    if (log) {
      take_event(ask, row);
    } else {
      taken.push_back(row.time.value);
      append_readings(channels, profile, rows, i, readings_.readings);
    }
  }
  return last;
}

// After delivery only: what is marked is never asked for again.
void DlmsDriver::mark_answered(const Ask& ask, UtcSeconds last) {
  const UtcSeconds now = c_.runtime.clock.utc();
  const Profile& profile = profile_of(ask);
  switch (ask.kind) {
    case Ask::Kind::kLoad:
      meter_.loads[ask.index].answered(ask.range, last, now, load_grid(profile));
      break;
    case Ask::Kind::kDaily:
      meter_.daily[ask.index].answered(ask.range, last, now, daily_grid(profile));
      break;
    case Ask::Kind::kLog:
      meter_.log_newest[ask.index] = std::max(*meter_.log_newest[ask.index], last);
      break;
  }
}

}  // namespace amity::headend
