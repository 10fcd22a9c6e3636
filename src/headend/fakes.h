// For tests: a registry, readings, events and an intake in plain maps, that can be made to fail. What was put
// survives as long as the object: a crash of the head-end is simulated by making a new one over the same fakes.
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "intake/intake.h"
#include "store/events.h"
#include "store/readings.h"
#include "store/registry.h"

namespace amity::headend {

class FakeRegistry : public store::Registry {
 public:
  std::map<std::uint32_t, Device> device_map;
  std::vector<Channel> channel_list;
  std::map<std::string, Bytes> values;
  bool fail_puts = false;
  int transactions = 0;

  Status add(const store::MasterData& data) override {
    for (Device d : data.devices) {
      if (!d.id.valid()) d.id = DeviceId(device_map.empty() ? 1 : device_map.rbegin()->first + 1);
      device_map[d.id.value] = d;
    }
    for (const Channel& c : data.channels) channel_list.push_back(c);
    return {};
  }
  Status update_device(const Device& d) override {
    device_map[d.id.value] = d;
    return {};
  }
  Result<std::vector<Device>> devices() override {
    std::vector<Device> out;
    for (const auto& [id, d] : device_map) out.push_back(d);
    return out;
  }
  Result<std::optional<Device>> device(DeviceId id) override {
    const auto at = device_map.find(id.value);
    return at == device_map.end() ? std::optional<Device>() : std::optional<Device>(at->second);
  }
  Result<std::optional<Device>> device_by_serial(const std::string& serial) override {
    for (const auto& [id, d] : device_map) {
      if (d.serial == serial) return std::optional<Device>(d);
    }
    return std::optional<Device>();
  }
  Result<std::vector<Channel>> channels() override { return channel_list; }
  Result<std::vector<Channel>> channels_of(DeviceId device) override {
    std::vector<Channel> out;
    for (const Channel& c : channel_list) {
      if (c.device == device) out.push_back(c);
    }
    return out;
  }
  Result<ChannelId> add_channel(const Channel& channel) override {
    channel_list.push_back(channel);
    channel_list.back().id = ChannelId(static_cast<std::uint32_t>(channel_list.size()));
    return channel_list.back().id;
  }
  Status put_value(const std::string& name, ByteView value) override {
    if (fail_puts) return make_error(ErrorCode::kIo, "disk full");
    ++transactions;
    values[name] = Bytes(value.begin(), value.end());
    return {};
  }
  Result<std::optional<Bytes>> value(const std::string& name) override {
    const auto at = values.find(name);
    return at == values.end() ? std::optional<Bytes>() : std::optional<Bytes>(at->second);
  }
  Status put_values(std::span<const std::pair<std::string, Bytes>> all) override {
    if (fail_puts) return make_error(ErrorCode::kIo, "disk full");
    ++transactions;
    for (const auto& [name, value] : all) values[name] = value;
    return {};
  }
  Status each_value(const std::string& prefix,
                    const std::function<void(const std::string&, ByteView)>& visit) override {
    for (auto at = values.lower_bound(prefix); at != values.end() && at->first.starts_with(prefix); ++at) {
      visit(at->first, at->second);
    }
    return {};
  }

  Result<store::DevicePage> find_devices(const store::DeviceQuery&) override { return store::DevicePage{}; }
  Result<std::optional<store::DeviceRow>> device_row(DeviceId) override { return std::optional<store::DeviceRow>(); }
  Result<std::vector<ServicePoint>> service_points() override { return std::vector<ServicePoint>{}; }
  Result<std::vector<Transformer>> transformers() override { return std::vector<Transformer>{}; }
  Result<std::vector<Feeder>> feeders() override { return std::vector<Feeder>{}; }
  Result<std::vector<Customer>> customers() override { return std::vector<Customer>{}; }
  Status put_command(const Command&) override { return {}; }
  Result<std::optional<Command>> command(CommandId) override { return std::optional<Command>(); }
  Result<std::vector<Command>> commands(DeviceId, std::size_t) override { return std::vector<Command>{}; }
  Result<CommandId> next_command_id() override { return CommandId(++last_command); }
  Status put_user(const store::User&) override { return {}; }
  Result<std::optional<store::User>> user(const std::string&) override { return std::optional<store::User>(); }
  Result<std::vector<store::User>> users() override { return std::vector<store::User>{}; }
  Status put_api_key(const store::ApiKey&) override { return {}; }
  Status remove_api_key(const std::string&) override { return {}; }
  Result<std::optional<store::ApiKey>> api_key(const std::string&) override { return std::optional<store::ApiKey>(); }
  Result<std::vector<store::ApiKey>> api_keys() override { return std::vector<store::ApiKey>{}; }
  Status put_session(const store::UserSession&) override { return {}; }
  Result<std::optional<store::UserSession>> session(ByteView) override { return std::optional<store::UserSession>(); }
  Status remove_session(ByteView) override { return {}; }
  Status append_audit(UtcSeconds, const std::string&, const std::string&) override { return {}; }

 private:
  std::uint64_t last_command = 0;
};

class FakeReadings : public store::Readings {
 public:
  std::map<std::uint32_t, std::map<std::int64_t, Reading>> kept;  // by channel, by time

  Result<store::ApplyResult> apply(std::uint64_t, std::span<const Reading> readings) override {
    store::ApplyResult result;
    for (const Reading& r : readings) {
      auto [at, fresh] = kept[r.channel.value].try_emplace(r.time.value, r);
      fresh ? ++result.added : at->second == r ? ++result.repeated : ++result.corrected;
      at->second = r;
    }
    return result;
  }
  Result<std::vector<Reading>> read(ChannelId channel, UtcSeconds after, UtcSeconds until) override {
    std::vector<Reading> out;
    auto& of = kept[channel.value];
    for (auto at = of.upper_bound(after.value); at != of.end() && at->first <= until.value; ++at) {
      out.push_back(at->second);
    }
    return out;
  }
  Result<store::ChannelSpan> span(ChannelId channel) override {
    auto& of = kept[channel.value];
    if (of.empty()) return store::ChannelSpan{};
    return store::ChannelSpan{UtcSeconds(of.begin()->first), UtcSeconds(of.rbegin()->first)};
  }
  Status scan_day(UtcDay, const std::function<void(ChannelId, std::span<const Reading>)>&) override { return {}; }
  Result<std::vector<Reading>> versions(ChannelId, UtcSeconds) override { return std::vector<Reading>{}; }
  Result<std::uint64_t> checkpoint() override { return std::uint64_t{0}; }
};

class FakeEvents : public store::Events {
 public:
  std::vector<Event> kept;

  Result<std::size_t> apply(std::span<const Event> events) override {
    std::size_t added = 0;
    for (const Event& e : events) {
      if (std::find(kept.begin(), kept.end(), e) != kept.end()) continue;
      kept.push_back(e);
      ++added;
    }
    return added;
  }
  Result<std::vector<Event>> of_device(DeviceId device, UtcSeconds after, UtcSeconds until, std::size_t) override {
    std::vector<Event> out;
    for (const Event& e : kept) {
      if (e.device == device && after < e.time && e.time <= until) out.push_back(e);
    }
    return out;
  }
  Result<std::vector<Event>> latest(std::size_t) override { return kept; }
  Result<UtcSeconds> newest(DeviceId device, const std::string& source) override {
    UtcSeconds newest;
    for (const Event& e : kept) {
      if (e.device == device && e.source == source) newest = std::max(newest, e.time);
    }
    return newest;
  }
  std::size_t count(std::string_view text) const {
    return static_cast<std::size_t>(std::count_if(kept.begin(), kept.end(), [&](const Event& e) {
      return e.text.find(text) != std::string::npos;
    }));
  }
};

// Durable at once, into the fakes above.
class FakeIntake : public intake::Intake {
 public:
  FakeIntake(FakeReadings& readings, FakeEvents& events) : readings_(readings), events_(events) {}

  std::vector<ReadingsArrived> deliveries;
  store::ApplyResult applied;  // summed
  bool fail = false;           // disk full: nothing is acknowledged

  void accept(ReadingsArrived delivery, OnDone on_done) override {
    if (fail) return on_done(make_error(ErrorCode::kIo, "disk full"));
    const auto result = readings_.apply(++sequence_, delivery.readings);
    applied.added += result->added;
    applied.repeated += result->repeated;
    applied.corrected += result->corrected;
    intake::Receipt receipt;
    receipt.sequence = sequence_;
    receipt.accepted = delivery.readings.size();
    deliveries.push_back(std::move(delivery));
    on_done(receipt);
  }
  void accept(EventsArrived delivery, OnDone on_done) override {
    if (fail) return on_done(make_error(ErrorCode::kIo, "disk full"));
    intake::Receipt receipt;
    receipt.sequence = ++sequence_;
    receipt.accepted = *events_.apply(delivery.events);
    on_done(receipt);
  }

 private:
  FakeReadings& readings_;
  FakeEvents& events_;
  store::Sequence sequence_ = 0;
};

}  // namespace amity::headend
