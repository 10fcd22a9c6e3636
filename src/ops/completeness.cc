#include "ops/completeness.h"

#include <algorithm>

#include "ops/limits.h"

namespace amity::ops {
namespace {

constexpr std::int64_t kHour_s = 3600;
constexpr std::int64_t kDay_s = 86'400;

std::int64_t ceil_hour(UtcSeconds time) {
  return (time.value + kHour_s - 1) / kHour_s;
}

// Hours whose end lies in (from, until].
struct HourRange {
  std::int64_t first, last;
};
HourRange hours(UtcSeconds from, UtcSeconds until) {
  return {ceil_hour(from + 1) - 1, until.value / kHour_s - 1};
}

}  // namespace

std::uint32_t Completeness::group_index(std::size_t grouping, const CompletenessGroup& about) {
  auto [it, is_new] = group_index_[grouping].try_emplace(
      about.id, static_cast<std::uint32_t>(groups_[grouping].size()));
  if (is_new) {
    groups_[grouping].push_back({about, {}, {}});
    groups_[grouping].back().about.devices = 0;
  }
  return it->second;
}

void Completeness::add_device(const Device& device, const DeviceGroups& names,
                              const std::vector<Channel>& channels) {
  auto [it, is_new] =
      device_index_.try_emplace(device.id, static_cast<std::uint32_t>(devices_.size()));
  if (is_new) {
    DeviceState state;
    state.first_hour = ceil_hour(device.commissioned);
    if (const auto end = ended_.find(device.id); end != ended_.end())
      state.first_hour = std::max(state.first_hour, end->second);
    for (std::size_t g = 0; g < kGroupings; ++g) {
      state.group[g] = group_index(g, names.of[g]);
      ++groups_[g][state.group[g]].about.devices;
    }
    devices_.push_back(std::move(state));
  }
  for (const Channel& channel : channels) {
    const bool counted = channel.kind == ChannelKind::kInterval &&
                         channel.interval_s >= kIntervalMin_s && channel.interval_s <= kHour_s &&
                         kHour_s % channel.interval_s == 0;
    if (!counted || channels_.contains(channel.id)) continue;
    forget_registers(devices_[it->second]);
    channels_[channel.id] = ChannelState{it->second, channel.interval_s, {}};
    expect(devices_[it->second], static_cast<std::uint32_t>(kHour_s / channel.interval_s));
  }
  add_registers(it->second, channels);
}

void Completeness::end_device(DeviceId id, UtcSeconds at) {
  const auto found = device_index_.find(id);
  if (found == device_index_.end()) return;
  DeviceState& device = devices_[found->second];
  const std::int64_t end = std::max(at.value / kHour_s, device.first_hour);
  for (std::size_t g = 0; g < kGroupings; ++g) {
    GroupState& group = groups_[g][device.group[g]];
    --group.about.devices;
    if (device.expected_per_hour != 0) group.starts[end] -= device.expected_per_hour;
    for (auto it = device.received.lower_bound(end); it != device.received.end(); ++it)
      group.received[it->first] -= it->second;
  }
  std::erase_if(channels_, [index = found->second](const auto& entry) {
    return entry.second.device_index == index;
  });
  device = {};
  ended_[id] = end;
  device_index_.erase(found);
}

void Completeness::expect(DeviceState& device, std::uint32_t per_hour) {
  device.expected_per_hour += per_hour;
  for (std::size_t g = 0; g < kGroupings; ++g)
    groups_[g][device.group[g]].starts[device.first_hour] += per_hour;
}

void Completeness::add_registers(std::uint32_t index, const std::vector<Channel>& channels) {
  DeviceState& device = devices_[index];
  if (!device.registers && device.expected_per_hour != 0) return;  // it has intervals
  for (const Channel& channel : channels) {
    if (channel.kind != ChannelKind::kRegister || channels_.contains(channel.id)) continue;
    if (!device.registers) {
      device.registers = std::make_unique<Registers>();
      device.registers->commissioned_hour = device.first_hour;
    }
    device.registers->channels.push_back(channel.id);
    channels_[channel.id] = ChannelState{index, 0, {}};
  }
}

// The device has intervals after all.
void Completeness::forget_registers(DeviceState& device) {
  if (!device.registers) return;
  for (const ChannelId channel : device.registers->channels) channels_.erase(channel);
  for (std::size_t g = 0; g < kGroupings; ++g) {
    GroupState& group = groups_[g][device.group[g]];
    if (device.expected_per_hour != 0) group.starts[device.first_hour] -= device.expected_per_hour;
    for (const auto& [hour, count] : device.received) group.received[hour] -= count;
  }
  device.received.clear();
  device.expected_per_hour = 0;
  device.first_hour = device.registers->commissioned_hour;
  device.registers.reset();
}

// The hours that end within a period after the reading.
bool Completeness::cover(DeviceState& device, UtcSeconds time) {
  const std::int64_t first = hour_of_interval_end(time);
  bool any = false;
  for (std::int64_t hour = first; hour < first + device.registers->period_hours; ++hour) {
    if (hour < device.first_hour || hour < first_day_.start().value / kHour_s) continue;
    if (!device.received.try_emplace(hour, std::uint16_t{1}).second) continue;
    for (std::size_t g = 0; g < kGroupings; ++g) ++groups_[g][device.group[g]].received[hour];
    any = true;
  }
  return any;
}

bool Completeness::add_register(DeviceState& device, UtcSeconds time) {
  Registers& registers = *device.registers;
  if (time.value <= 0) return false;
  if (device.expected_per_hour == 0) {
    device.first_hour = std::max(registers.commissioned_hour, hour_of_interval_end(time));
    expect(device, 1);
  }
  if (registers.times.empty() || time > registers.times.back()) {
    if (registers.times.size() > kGapsKept) registers.times.erase(registers.times.begin());
    registers.times.push_back(time);
    learn_period(device);
  }
  return cover(device, time);
}

void Completeness::learn_period(DeviceState& device) {
  const std::vector<UtcSeconds>& times = device.registers->times;
  if (times.size() <= kGapsToLearn) return;
  std::vector<std::int64_t> gaps_s;
  for (std::size_t i = 1; i < times.size(); ++i) gaps_s.push_back(times[i] - times[i - 1]);
  std::ranges::sort(gaps_s);
  const std::int64_t median_s = gaps_s[(gaps_s.size() - 1) / 2];
  device.registers->period_hours =
      std::clamp<std::int64_t>((median_s + kHour_s / 2) / kHour_s, 1, kPeriodHoursMax);
  const bool known_now = times.size() == kGapsToLearn + 1;
  for (std::size_t i = known_now ? 0 : times.size() - 2; i < times.size(); ++i)
    cover(device, times[i]);
}

bool Completeness::add(const Reading& reading) {
  const auto found = channels_.find(reading.channel);
  if (found == channels_.end()) return false;
  ChannelState& channel = found->second;
  DeviceState& device = devices_[channel.device_index];
  if (channel.interval_s == 0) return add_register(device, reading.time);
  const UtcDay day = day_of_interval_end(reading.time);
  const std::int64_t hour = hour_of_interval_end(reading.time);
  if (day < first_day_ || hour < device.first_hour || reading.time.value % channel.interval_s != 0)
    return false;

  const auto slot = static_cast<std::size_t>((reading.time - day.start()) / channel.interval_s - 1);
  std::vector<std::uint64_t>& bits = channel.days[day.value];
  if (bits.empty()) bits.resize((kDay_s / channel.interval_s + 63) / 64);
  const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
  if (bits[slot / 64] & bit) return false;
  bits[slot / 64] |= bit;
  ++device.received[hour];
  for (std::size_t g = 0; g < kGroupings; ++g) ++groups_[g][device.group[g]].received[hour];
  return true;
}

void Completeness::advance(UtcDay first_day) {
  if (first_day <= first_day_) return;
  first_day_ = first_day;
  const std::int64_t first_hour = first_day.start().value / kHour_s;
  const auto forget_hours = [first_hour](auto& by_hour) {
    by_hour.erase(by_hour.begin(), by_hour.lower_bound(first_hour));
  };
  for (auto& [id, channel] : channels_) {
    channel.days.erase(channel.days.begin(), channel.days.lower_bound(first_day.value));
  }
  for (DeviceState& device : devices_) forget_hours(device.received);
  for (auto& grouping : groups_) {
    for (GroupState& group : grouping) forget_hours(group.received);
  }
}

Tally Completeness::tally(const GroupState& group, std::int64_t first_hour,
                          std::int64_t last_hour) const {
  Tally sum;
  if (last_hour < first_hour) return sum;
  for (auto it = group.received.lower_bound(first_hour);
       it != group.received.end() && it->first <= last_hour; ++it) {
    sum.received += it->second;
  }
  for (const auto& [start, per_hour] : group.starts) {
    const std::int64_t from = std::max(start, first_hour);
    if (from <= last_hour)
      sum.expected += static_cast<std::uint32_t>((last_hour - from + 1) * per_hour);
  }
  return sum;
}

CompletenessTable Completeness::table(GroupBy by, UtcSeconds from, UtcSeconds until,
                                      std::int64_t step_s, UtcSeconds now) const {
  CompletenessTable table;
  const auto& groups = groups_[static_cast<std::size_t>(by)];
  const std::int64_t hours_per_step = step_s / kHour_s;
  std::int64_t end = (from.value / step_s + 1) * step_s;
  for (; end <= std::min(until.value, now.value); end += step_s)
    table.times.push_back(UtcSeconds(end));
  for (const GroupState& group : groups) {
    table.groups.push_back(group.about);
    std::vector<Tally>& row = table.cells.emplace_back();
    for (const UtcSeconds column : table.times) {
      const std::int64_t last_hour = column.value / kHour_s - 1;
      row.push_back(tally(group, last_hour - hours_per_step + 1, last_hour));
    }
  }
  return table;
}

CompletenessTable Completeness::table_of(const std::unordered_map<DeviceId, std::string>& group_of,
                                         UtcSeconds from, UtcSeconds until, std::int64_t step_s,
                                         UtcSeconds now) const {
  CompletenessTable table;
  std::map<std::string, std::size_t> rows;
  for (const auto& [id, name] : group_of) rows.try_emplace(name, 0);
  for (auto& [name, row] : rows) {
    row = table.groups.size();
    table.groups.push_back({name, name, 0});
  }
  std::int64_t end = (from.value / step_s + 1) * step_s;
  for (; end <= std::min(until.value, now.value); end += step_s)
    table.times.push_back(UtcSeconds(end));
  table.cells.assign(rows.size(), std::vector<Tally>(table.times.size()));
  for (const auto& [id, name] : group_of) {
    const std::size_t row = rows[name];
    ++table.groups[row].devices;
    for (std::size_t column = 0; column < table.times.size(); ++column) {
      const Tally own = device(id, table.times[column] - step_s, table.times[column]);
      table.cells[row][column].received += own.received;
      table.cells[row][column].expected += own.expected;
    }
  }
  return table;
}

Tally Completeness::device(DeviceId id, UtcSeconds from, UtcSeconds until) const {
  const auto found = device_index_.find(id);
  Tally sum;
  if (found == device_index_.end()) return sum;
  const DeviceState& device = devices_[found->second];
  const HourRange range = hours(from, until);
  const std::int64_t first = std::max(range.first, device.first_hour);
  if (range.last < first) return sum;
  sum.expected = static_cast<std::uint32_t>((range.last - first + 1) * device.expected_per_hour);
  for (auto it = device.received.lower_bound(first);
       it != device.received.end() && it->first <= range.last; ++it) {
    sum.received += it->second;
  }
  return sum;
}

Tally Completeness::fleet(UtcSeconds from, UtcSeconds until) const {
  Tally sum;
  const HourRange range = hours(from, until);
  for (const GroupState& group : groups_[static_cast<std::size_t>(GroupBy::kSegment)]) {
    const Tally t = tally(group, range.first, range.last);
    sum.received += t.received;
    sum.expected += t.expected;
  }
  return sum;
}

}  // namespace amity::ops
