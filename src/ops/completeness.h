// Read completeness: of the intervals that ended in an hour, how many have arrived, by group
// (segment, feeder, transformer, model). Exact under repeats and any order: each channel has a
// bitmap per day. Pure; fed with readings.
//
// A device with registers alone (a radio meter, a heat meter on a bus) is counted by the hour, from
// the hour of its first reading on: an hour is there when a register was read within one period
// before the hour's end. The period is learnt from the device's own readings: the median of the
// last kGapsKept times between them (the lower one of an even number), in whole hours, 1 to 24. So
// a meter that is heard every quarter of an hour misses the hours in which it was never heard, one
// that speaks once a day those that follow when it did not. One time alone teaches nothing: it may
// be either; what was read before the period was known counts by it afterwards. Nothing is expected
// before the first reading: it cannot be read later.
//
// Memory: intervals-per-day bits per channel and day, kWindowDays days: 0.1 kB per 15-minute
// channel.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "model/channel.h"
#include "model/device.h"
#include "model/reading.h"

namespace amity::ops {

enum class GroupBy : std::uint8_t { kSegment = 0, kFeeder = 1, kTransformer = 2, kModel = 3 };
inline constexpr std::size_t kGroupings = 4;

struct Tally {
  std::uint32_t received = 0;
  std::uint32_t expected = 0;
};

struct CompletenessGroup {
  std::string id;
  std::string name;
  std::uint32_t devices = 0;
};

struct CompletenessTable {
  std::vector<CompletenessGroup> groups;
  std::vector<UtcSeconds> times;          // end of each column
  std::vector<std::vector<Tally>> cells;  // [group][time]
};

// The names a device is grouped under, one per GroupBy.
struct DeviceGroups {
  std::array<CompletenessGroup, kGroupings> of;  // `devices` unused
};

class Completeness {
 public:
  // Days from `first_day` on are counted; advance() moves the window.
  explicit Completeness(UtcDay first_day) : first_day_(first_day) {}

  // A device's interval channels are expected from `commissioned` on; its registers count where it
  // has no interval channel. Adding a device twice adds its new channels only.
  void add_device(const Device& device, const DeviceGroups& groups,
                  const std::vector<Channel>& channels);

  // Replaced or removed: of the hours that end after `at` nothing is expected of it and nothing
  // counts. One that is added again is expected from there on.
  void end_device(DeviceId id, UtcSeconds at);

  // True when this interval was not there before, or this reading of a register made an hour
  // complete.
  bool add(const Reading& reading);

  // Forgets days before `first_day`.
  void advance(UtcDay first_day);

  // Columns of `step_s` (3,600 or 86,400) that end in (from, until]; only columns that ended by
  // `now` count as expected.
  CompletenessTable table(GroupBy by, UtcSeconds from, UtcSeconds until, std::int64_t step_s,
                          UtcSeconds now) const;
  // The same for some devices only, grouped by any name.
  CompletenessTable table_of(const std::unordered_map<DeviceId, std::string>& group_of,
                             UtcSeconds from, UtcSeconds until, std::int64_t step_s,
                             UtcSeconds now) const;
  // One device over the closed hours of (from, until].
  Tally device(DeviceId id, UtcSeconds from, UtcSeconds until) const;
  Tally fleet(UtcSeconds from, UtcSeconds until) const;
  UtcDay first_day() const { return first_day_; }

 private:
  struct ChannelState {
    std::uint32_t device_index = 0;
    std::uint32_t interval_s = 0;                             // 0: a register
    std::map<std::int32_t, std::vector<std::uint64_t>> days;  // UTC day -> bit per interval
  };
  // Of a device with registers alone.
  struct Registers {
    std::int64_t commissioned_hour = 0;
    std::vector<UtcSeconds> times;  // of the newest readings, kGapsKept + 1 at most, ascending
    std::int64_t period_hours = 1;
    std::vector<ChannelId> channels;
  };
  struct DeviceState {
    std::array<std::uint32_t, kGroupings> group{};
    std::int64_t first_hour = 0;  // the first whole hour that is expected
    std::uint32_t expected_per_hour = 0;
    std::map<std::int64_t, std::uint16_t> received;  // hour -> intervals of all channels
    std::unique_ptr<Registers> registers;
  };
  struct GroupState {
    CompletenessGroup about;
    std::map<std::int64_t, std::int64_t> starts;     // hour -> expected-per-hour that begins there
    std::map<std::int64_t, std::uint32_t> received;  // hour -> intervals
  };

  void expect(DeviceState& device, std::uint32_t per_hour);
  void add_registers(std::uint32_t index, const std::vector<Channel>& channels);
  void forget_registers(DeviceState& device);
  bool add_register(DeviceState& device, UtcSeconds time);
  void learn_period(DeviceState& device);
  bool cover(DeviceState& device, UtcSeconds time);
  std::uint32_t group_index(std::size_t grouping, const CompletenessGroup& about);
  Tally tally(const GroupState& group, std::int64_t first_hour, std::int64_t last_hour) const;

  UtcDay first_day_;
  std::unordered_map<ChannelId, ChannelState> channels_;
  std::vector<DeviceState> devices_;
  std::unordered_map<DeviceId, std::uint32_t> device_index_;
  std::unordered_map<DeviceId, std::int64_t> ended_;  // the first hour after it
  std::array<std::vector<GroupState>, kGroupings> groups_;
  std::array<std::unordered_map<std::string, std::uint32_t>, kGroupings> group_index_;
};

// The hour an interval belongs to, named by its index since 1970: 10:15 and 11:00 both end in the
// hour 10..11.
constexpr std::int64_t hour_of_interval_end(UtcSeconds end) {
  return (end.value - 1) / 3600;
}

}  // namespace amity::ops
