// What the edge remembers of what it has taken, so that it asks meters only for what is missing:
// the times of interval readings, as runs, and the newest event of each log. Values are on their
// way to the server and not kept here. What is forgotten is read again, and known at the server.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/events.h"
#include "store/readings.h"
#include "store/registry.h"

namespace amity::edge {

class LocalReadings final : public store::Readings {
 public:
  // `registry` outlives it and holds what was saved.
  explicit LocalReadings(store::Registry& registry) : registry_(registry) {}
  Status load();
  Status save();  // what has changed since

  Result<store::ApplyResult> apply(std::uint64_t, std::span<const Reading> readings) override;
  // With the times that were taken and no values.
  Result<std::vector<Reading>> read(ChannelId channel, UtcSeconds after, UtcSeconds until) override;
  Result<store::ChannelSpan> span(ChannelId channel) override;
  Status scan_day(UtcDay, const std::function<void(ChannelId, std::span<const Reading>)>&) override;
  Result<std::vector<Reading>> versions(ChannelId, UtcSeconds) override;
  Result<std::uint64_t> checkpoint() override { return 0; }

 private:
  // Times `step` apart, from first to last.
  struct Run {
    std::int64_t first = 0, last = 0;
  };
  struct Times {
    std::int64_t step = 0;  // 0: no interval channel, nothing is remembered
    std::vector<Run> runs;  // ascending, apart
  };
  Result<Times*> times_of(ChannelId channel);
  static void add(Times& times, std::int64_t time);

  store::Registry& registry_;
  std::map<ChannelId, Times> times_;
  std::set<ChannelId> changed_;
};

class LocalEvents final : public store::Events {
 public:
  explicit LocalEvents(store::Registry& registry) : registry_(registry) {}
  Status load();
  Status save();

  Result<std::size_t> apply(std::span<const Event> events) override;
  // Of the newest second alone.
  Result<std::vector<Event>> of_device(DeviceId device, UtcSeconds after, UtcSeconds until,
                                       std::size_t limit) override;
  Result<std::vector<Event>> latest(std::size_t) override { return std::vector<Event>{}; }
  Result<UtcSeconds> newest(DeviceId device, const std::string& source) override;

 private:
  struct Log {
    UtcSeconds newest;
    std::vector<Event> last;  // of that second
    bool changed = false;
  };
  store::Registry& registry_;
  std::map<std::pair<DeviceId, std::string>, Log> logs_;
};

}  // namespace amity::edge
