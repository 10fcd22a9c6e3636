#include "roles/ops_role.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "api/services.h"
#include "headend/event_codes.h"
#include "ops/limits.h"

namespace amity::roles {
namespace {

constexpr std::string_view kHealthPrefix = "ops/device/";
constexpr std::size_t kFailuresKeptMax = 200'000;
constexpr std::size_t kEventsKeptMax = 200'000;
constexpr Duration kAbnormalAge = std::chrono::seconds(2);

UtcDay window_start(UtcSeconds now) {
  return UtcDay(day_of_interval_end(now).value - (ops::kWindowDays - 1));
}

std::string or_else(const std::string& name, std::string_view instead) {
  return name.empty() ? std::string(instead) : name;
}

}  // namespace

OpsRole::OpsRole(store::Registry& registry, store::Readings& readings, const Clock& clock,
                 ops::StatusRules rules)
    : registry_(registry),
      readings_(readings),
      clock_(clock),
      fleet_(rules),
      completeness_(window_start(clock.utc())) {}

Status OpsRole::load() {
  const std::lock_guard lock(mutex_);
  AMITY_CHECK(load_places());
  AMITY_CHECK(load_health());
  return rebuild_completeness();
}

Status OpsRole::load_places() {
  AMITY_TRY(const auto feeders, registry_.feeders());
  AMITY_TRY(const auto transformers, registry_.transformers());
  AMITY_TRY(const auto points, registry_.service_points());
  AMITY_TRY(const auto devices, registry_.devices());
  AMITY_TRY(const auto channels, registry_.channels());
  std::unordered_map<FeederId, std::string> feeder_names;
  for (const Feeder& feeder : feeders) feeder_names[feeder.id] = feeder.name;
  std::unordered_map<TransformerId, const Transformer*> by_transformer;
  for (const Transformer& transformer : transformers) by_transformer[transformer.id] = &transformer;
  std::unordered_map<ServicePointId, TransformerId> transformer_of;
  for (const ServicePoint& point : points) transformer_of[point.id] = point.transformer;
  std::unordered_map<DeviceId, std::vector<Channel>> channels_of;
  for (const Channel& channel : channels) {
    channels_of[channel.device].push_back(channel);
    known_channels_.insert(channel.id);
    place_channel(channel);
  }
  for (const Device& device : devices) {
    if (device.state != DeviceState::kActive || !device.service_point.valid()) continue;
    DevicePlace place;
    place.transformer_id = transformer_of[device.service_point];
    if (const auto found = by_transformer.find(place.transformer_id);
        found != by_transformer.end()) {
      place.transformer = found->second->name;
      place.feeder = feeder_names[found->second->feeder];
    }
    place_device(device, std::move(place), channels_of[device.id]);
  }
  return {};
}

void OpsRole::place_device(const Device& device, DevicePlace place,
                           const std::vector<Channel>& channels) {
  place.serial = device.serial;
  place.segment = or_else(device.segment, api::kDirectSegment);
  place.model = or_else(device.model, "unknown");
  place.interval_s = device.interval_s;
  ops::DeviceGroups groups;
  groups.of = {ops::CompletenessGroup{place.segment, place.segment, 0},
               {place.feeder, place.feeder, 0},
               {place.transformer, place.transformer, 0},
               {place.model, place.model, 0}};
  fleet_.add_device(device);
  completeness_.add_device(device, groups, channels);
  places_[device.id] = std::move(place);
}

// One that a head-end has found and registered: behind another meter.
bool OpsRole::learn_device(DeviceId id) {
  if (places_.contains(id)) return true;
  const auto row = registry_.device_row(id);
  if (!row.ok() || !*row) return false;
  const Device& device = (*row)->device;
  if (device.state != DeviceState::kActive || !device.service_point.valid()) return false;
  DevicePlace place;
  place.transformer_id = (*row)->service_point.transformer;
  place.transformer = (*row)->transformer;
  place.feeder = (*row)->feeder;
  place_device(device, std::move(place), {});
  return true;
}

void OpsRole::retire_device(DeviceId id, UtcSeconds at) {
  if (places_.erase(id) == 0) return;
  fleet_.remove_device(id);
  completeness_.end_device(id, at);
  std::erase_if(reporting_channels_, [id](const auto& entry) { return entry.second == id; });
  with_intervals_.erase(id);
  const auto channels = registry_.channels_of(id);  // where it comes back they are learnt anew
  for (std::size_t i = 0; channels.ok() && i < channels->size(); ++i)
    known_channels_.erase((*channels)[i].id);
}

void OpsRole::learn_replaced(const EventsArrived& arrived) {
  constexpr auto kReplaced = static_cast<std::uint32_t>(headend::HeadEndEvent::kMeterReplaced);
  for (const Event& event : arrived.events) {
    if (event.source != "headend" || event.code != kReplaced) continue;
    const auto device = registry_.device(event.device);
    if (!device.ok() || !*device) continue;
    if ((*device)->state == DeviceState::kActive) {
      (void)learn_device(event.device);
    } else {
      retire_device(event.device, event.time);
    }
  }
}

void OpsRole::place_channel(const Channel& channel) {
  if (channel.kind == ChannelKind::kInterval) {
    if (with_intervals_.insert(channel.device).second) {
      std::erase_if(reporting_channels_,
                    [&](const auto& entry) { return entry.second == channel.device; });
    }
  } else if (with_intervals_.contains(channel.device)) {
    return;
  }
  reporting_channels_[channel.id] = channel.device;
}

void OpsRole::learn_channels(const ReadingsArrived& arrived) {
  for (const Reading& reading : arrived.readings) {
    if (!known_channels_.insert(reading.channel).second) continue;
    const auto channel = registry_.channel(reading.channel);
    if (!channel.ok()) {
      known_channels_.erase(reading.channel);
      spdlog::warn("channel {}: {}", reading.channel.value, to_string(channel.error()));
    } else if (*channel) {
      place_channel(**channel);
      Device device;
      device.id = (*channel)->device;
      if (learn_device(device.id)) completeness_.add_device(device, {}, {**channel});
    }
  }
}

Status OpsRole::load_health() {
  return registry_.each_value(
      std::string(kHealthPrefix), [this](const std::string& name, ByteView record) {
        const DeviceId id(static_cast<std::uint32_t>(
            std::strtoul(name.c_str() + kHealthPrefix.size(), nullptr, 10)));
        const Status restored = fleet_.restore(id, record);
        if (restored.ok() || restored.error().code == ErrorCode::kNotFound)
          return;  // a removed device's
        spdlog::warn("device {} starts afresh: its record is not restored: {}", id.value,
                     to_string(restored.error()));
      });
}

Status OpsRole::rebuild_completeness() {
  for (int day = completeness_.first_day().value;
       day <= day_of_interval_end(clock_.utc()).value + 1; ++day) {
    AMITY_CHECK(
        readings_.scan_day(UtcDay(day), [this](ChannelId, std::span<const Reading> readings) {
          for (const Reading& reading : readings) completeness_.add(reading);
        }));
  }
  return {};
}

void OpsRole::count_arrivals(const ReadingsArrived& arrived) {
  const std::int64_t second = clock_.utc().value;
  if (seconds_.empty() || seconds_.back().second != second) seconds_.push_back({second, 0, 0});
  while (seconds_.front().second < second - 60) seconds_.pop_front();
  std::set<DeviceId> devices;
  for (const Reading& reading : arrived.readings) {
    const auto found = reporting_channels_.find(reading.channel);
    if (found != reporting_channels_.end()) devices.insert(found->second);
  }
  seconds_.back().readings += arrived.readings.size();
  seconds_.back().meters += devices.size();
  readings_total_ += arrived.readings.size();
}

void OpsRole::handle(const store::JournalEntry& entry) {
  const std::lock_guard lock(mutex_);
  const UtcSeconds now = clock_.utc();
  if (const auto* arrived = std::get_if<ReadingsArrived>(&entry.fact)) {
    learn_channels(*arrived);
    completeness_.advance(window_start(now));
    for (const Reading& reading : arrived->readings) completeness_.add(reading);
    fleet_.apply(*arrived, reporting_channels_);
    count_arrivals(*arrived);
  } else if (const auto* events = std::get_if<EventsArrived>(&entry.fact)) {
    learn_replaced(*events);
    fleet_.apply(*events);
    for (std::size_t i = 0; i < events->events.size(); ++i) events_.push_back(events->received);
    while (events_.size() > kEventsKeptMax ||
           (!events_.empty() && events_.front() < now - 2 * 86'400)) {
      events_.pop_front();
    }
  } else if (const auto* contact = std::get_if<ContactMade>(&entry.fact)) {
    fleet_.apply(*contact);
    if (!contact->ok) failures_.emplace_back(contact->at, contact->device);
    while (failures_.size() > kFailuresKeptMax ||
           (!failures_.empty() && failures_.front().first < now - 3600)) {
      failures_.pop_front();
    }
  } else if (const auto* requested = std::get_if<CommandRequested>(&entry.fact)) {
    open_commands_[requested->command.id] = requested->command.kind;
  } else if (const auto* changed = std::get_if<CommandChanged>(&entry.fact)) {
    const auto found = open_commands_.find(changed->id);
    if (found == open_commands_.end()) return;
    fleet_.apply(*changed, found->second);
    const bool open = changed->state == CommandState::kQueued ||
                      changed->state == CommandState::kRunning ||
                      changed->state == CommandState::kUnknown;
    if (!open) open_commands_.erase(found);
  }
}

Status OpsRole::save() {
  std::vector<std::pair<std::string, Bytes>> values;
  {
    const std::lock_guard lock(mutex_);
    for (const DeviceId id : fleet_.take_changed()) {
      values.emplace_back(std::string(kHealthPrefix) + std::to_string(id.value),
                          fleet_.serialize(id));
    }
  }
  if (values.empty()) return {};
  return registry_.put_values(values);
}

std::vector<ops::AbnormalItem> OpsRole::abnormal() const {
  const std::lock_guard lock(mutex_);
  const Instant now = clock_.now();
  if (abnormal_at_.us == INT64_MIN || now - abnormal_at_ >= kAbnormalAge) {
    abnormal_ = ops::abnormal_now(fleet_, completeness_, clock_.utc());
    abnormal_at_ = now;
  }
  return abnormal_;
}

ArrivalCounts OpsRole::arrivals() const {
  const std::lock_guard lock(mutex_);
  ArrivalCounts counts;
  counts.readings_total = readings_total_;
  const std::int64_t now = clock_.utc().value;
  std::uint64_t readings = 0, meters = 0;
  for (const Second& second : seconds_) {
    if (second.second < now - 60 || second.second >= now) continue;
    readings += second.readings;
    meters += second.meters;
    if (second.second == now - 1) {
      counts.readings_last_s = second.readings;
      counts.meters_last_s = second.meters;
    }
  }
  counts.readings_per_s = static_cast<double>(readings) / 60;
  counts.meters_per_s = static_cast<double>(meters) / 60;
  return counts;
}

std::unordered_map<std::string, std::uint64_t> OpsRole::failures_by_segment() const {
  const std::lock_guard lock(mutex_);
  std::unordered_map<std::string, std::uint64_t> counts;
  const UtcSeconds since = clock_.utc() - 3600;
  for (const auto& [at, device] : failures_) {
    const auto found = places_.find(device);
    if (at >= since && found != places_.end()) ++counts[found->second.segment];
  }
  return counts;
}

std::uint64_t OpsRole::events_today(UtcSeconds start_of_day) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint64_t>(
      std::count_if(events_.begin(), events_.end(),
                    [start_of_day](UtcSeconds at) { return at >= start_of_day; }));
}

}  // namespace amity::roles
