#include "edge/local_store.h"

#include <algorithm>

#include "edge/limits.h"
#include "store/varint.h"

namespace amity::edge {
namespace {

const std::string kTimes = "edge/times/", kLogs = "edge/log/";

Error keeps_no_values() {
  return make_error(ErrorCode::kUnsupported, "an edge keeps no values");
}

}  // namespace

Status LocalReadings::load() {
  Status sound;
  AMITY_CHECK(registry_.each_value(kTimes, [&](const std::string& name, ByteView value) {
    const ChannelId channel(static_cast<std::uint32_t>(std::stoul(name.substr(kTimes.size()))));
    ByteReader in(value);
    const auto times = times_of(channel);
    if (!times.ok()) sound = times.error();
    while (sound.ok() && !in.empty()) {
      const auto first = store::get_zigzag(in), length = store::get_zigzag(in);
      if (!first.ok() || !length.ok()) break;  // it is read again
      (*times)->runs.push_back({*first, *first + *length});
    }
  }));
  return sound;
}

Status LocalReadings::save() {
  std::vector<std::pair<std::string, Bytes>> values;
  for (const ChannelId channel : changed_) {
    Bytes value;
    for (const Run& run : times_[channel].runs) {
      store::put_zigzag(value, run.first);
      store::put_zigzag(value, run.last - run.first);
    }
    values.emplace_back(kTimes + std::to_string(channel.value), std::move(value));
  }
  if (!values.empty()) AMITY_CHECK(registry_.put_values(values));
  changed_.clear();
  return {};
}

Result<LocalReadings::Times*> LocalReadings::times_of(ChannelId channel) {
  if (const auto known = times_.find(channel); known != times_.end()) return &known->second;
  AMITY_TRY(const auto found, registry_.channel(channel));
  Times& times = times_[channel];
  if (found && found->kind == ChannelKind::kInterval) times.step = found->interval_s;
  return &times;
}

void LocalReadings::add(Times& times, std::int64_t time) {
  auto& runs = times.runs;
  const auto after = std::upper_bound(runs.begin(), runs.end(), time,
                                      [](std::int64_t t, const Run& run) { return t < run.first; });
  const bool follows = after != runs.begin() && std::prev(after)->last + times.step == time;
  const bool inside = after != runs.begin() && std::prev(after)->last >= time;
  const bool precedes = after != runs.end() && after->first - times.step == time;
  if (inside) return;
  if (follows && precedes) {
    std::prev(after)->last = after->last;
    runs.erase(after);
  } else if (follows) {
    std::prev(after)->last = time;
  } else if (precedes) {
    after->first = time;
  } else {
    runs.insert(after, Run{time, time});
    if (runs.size() > kRunsPerChannelMax) runs.erase(runs.begin());
  }
}

Result<store::ApplyResult> LocalReadings::apply(std::uint64_t, std::span<const Reading> readings) {
  store::ApplyResult result;
  for (const Reading& reading : readings) {
    AMITY_TRY(Times* const times, times_of(reading.channel));
    ++result.added;
    if (times->step == 0) continue;
    add(*times, reading.time.value);
    changed_.insert(reading.channel);
  }
  return result;
}

Result<std::vector<Reading>> LocalReadings::read(ChannelId channel, UtcSeconds after,
                                                 UtcSeconds until) {
  AMITY_TRY(const Times* const times, times_of(channel));
  std::vector<Reading> out;
  if (times->step == 0) return out;
  for (const Run& run : times->runs) {
    std::int64_t time = run.first;
    if (time <= after.value) time += (after.value - time) / times->step * times->step;
    for (; time <= std::min(run.last, until.value); time += times->step)
      if (time > after.value) out.push_back({channel, UtcSeconds(time), 0, {}});
  }
  return out;
}

Result<store::ChannelSpan> LocalReadings::span(ChannelId channel) {
  AMITY_TRY(const Times* const times, times_of(channel));
  if (times->runs.empty()) return store::ChannelSpan{};
  return store::ChannelSpan{UtcSeconds(times->runs.front().first),
                            UtcSeconds(times->runs.back().last)};
}

Status LocalReadings::scan_day(UtcDay,
                               const std::function<void(ChannelId, std::span<const Reading>)>&) {
  return keeps_no_values();
}
Result<std::vector<Reading>> LocalReadings::versions(ChannelId, UtcSeconds) {
  return keeps_no_values();
}

Status LocalEvents::load() {
  return registry_.each_value(kLogs, [&](const std::string& name, ByteView value) {
    const std::size_t slash = name.find('/', kLogs.size());
    ByteReader in(value);
    const auto newest = in.u64();
    if (slash == name.npos || !newest.ok()) return;
    const DeviceId device(
        static_cast<std::uint32_t>(std::stoul(name.substr(kLogs.size(), slash - kLogs.size()))));
    logs_[{device, name.substr(slash + 1)}].newest = UtcSeconds(static_cast<std::int64_t>(*newest));
  });
}

Status LocalEvents::save() {
  std::vector<std::pair<std::string, Bytes>> values;
  for (auto& [key, log] : logs_) {
    if (!std::exchange(log.changed, false)) continue;
    Bytes value;
    ByteWriter(value).u64(static_cast<std::uint64_t>(log.newest.value));
    values.emplace_back(kLogs + std::to_string(key.first.value) + "/" + key.second,
                        std::move(value));
  }
  return values.empty() ? Status{} : registry_.put_values(values);
}

Result<std::size_t> LocalEvents::apply(std::span<const Event> events) {
  for (const Event& event : events) {
    if (!event.device.valid()) continue;
    Log& log = logs_[{event.device, event.source}];
    if (event.time < log.newest) continue;
    if (event.time > log.newest) log.last.clear();
    log.newest = event.time;
    log.changed = true;
    if (log.last.size() < kEventsPerBatchMax) log.last.push_back(event);
  }
  return events.size();
}

Result<std::vector<Event>> LocalEvents::of_device(DeviceId device, UtcSeconds after,
                                                  UtcSeconds until, std::size_t limit) {
  std::vector<Event> out;
  for (const auto& [key, log] : logs_) {
    if (key.first != device || log.newest <= after || log.newest > until) continue;
    for (const Event& event : log.last)
      if (out.size() < limit) out.push_back(event);
  }
  return out;
}

Result<UtcSeconds> LocalEvents::newest(DeviceId device, const std::string& source) {
  const auto at = logs_.find({device, source});
  return at == logs_.end() ? UtcSeconds() : at->second.newest;
}

}  // namespace amity::edge
