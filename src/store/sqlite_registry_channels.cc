// The registry's channels, each with the multipliers that changes of its meter's ratios gave it.
#include <map>

#include "store/sqlite_registry.h"
#include "store/sqlite_rows.h"

namespace amity::store {
namespace {

Channel get_channel(Query& q) {
  Channel c;
  c.id = get_id<ChannelId>(q);
  c.device = get_id<DeviceId>(q);
  c.kind = static_cast<ChannelKind>(q.integer());
  c.name = q.text();
  c.source = q.text();
  c.unit = static_cast<Unit>(q.integer());
  c.exponent = static_cast<std::int8_t>(q.integer());
  c.interval_s = static_cast<std::uint32_t>(q.integer());
  c.multiplier = q.integer();
  return c;
}

RatioChange get_ratio_change(Query& q) {
  RatioChange r;
  r.number = static_cast<std::uint64_t>(q.integer());
  r.device = get_id<DeviceId>(q);
  r.at = UtcSeconds(q.integer());
  r.ct = q.integer();
  r.vt = q.integer();
  r.reason = q.text();
  r.who = q.text();
  r.told = UtcSeconds(q.integer());
  return r;
}

// `changes`: of the channel's meter, ascending by instant, then as they were told.
void add_steps(Channel& channel, const std::vector<RatioChange>& changes) {
  for (const RatioChange& change : changes) {
    const auto multiplier = multiplier_of_ratios(channel.unit, change.ct, change.vt);
    if (!multiplier) return;
    if (!channel.steps.empty() && channel.steps.back().from == change.at) channel.steps.pop_back();
    channel.steps.push_back({change.at, *multiplier});
  }
}

}  // namespace

Result<std::vector<Channel>> SqliteRegistry::with_steps(std::vector<Channel> channels, DeviceId of) {
  if (!keeps_ratios_) return channels;
  const char* sql = of.valid() ? "SELECT * FROM ratio_change WHERE device = ? ORDER BY at, number"
                               : "SELECT * FROM ratio_change ORDER BY device, at, number";
  AMITY_TRY(Query q, db_->query(sql));
  if (of.valid()) q.bind(of.value);
  AMITY_TRY(const auto changes, collect<RatioChange>(q, get_ratio_change));
  if (changes.empty()) return channels;
  std::map<DeviceId, std::vector<RatioChange>> by_device;
  for (const RatioChange& change : changes) by_device[change.device].push_back(change);
  for (Channel& channel : channels) {
    if (const auto of_meter = by_device.find(channel.device); of_meter != by_device.end())
      add_steps(channel, of_meter->second);
  }
  return channels;
}

Result<std::vector<Channel>> SqliteRegistry::channels() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM channel ORDER BY id"));
  AMITY_TRY(auto channels, collect<Channel>(q, get_channel));
  return with_steps(std::move(channels), {});
}

Result<std::vector<Channel>> SqliteRegistry::channels_of(DeviceId device) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM channel WHERE device = ? ORDER BY id"));
  q.bind(device.value);
  AMITY_TRY(auto channels, collect<Channel>(q, get_channel));
  return channels.empty() ? std::move(channels) : with_steps(std::move(channels), device);
}

Result<std::optional<Channel>> SqliteRegistry::channel(ChannelId id) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM channel WHERE id = ?"));
  q.bind(id.value);
  AMITY_TRY(auto one, at_most_one<Channel>(q, get_channel));
  if (!one) return one;
  const DeviceId device = one->device;
  AMITY_TRY(auto with, with_steps({std::move(*one)}, device));
  return std::optional(std::move(with.front()));
}

Result<std::vector<RatioChange>> SqliteRegistry::ratio_changes(DeviceId device) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM ratio_change WHERE device = ? ORDER BY number"));
  q.bind(device.value);
  return collect<RatioChange>(q, get_ratio_change);
}

Status SqliteRegistry::add_ratio_change(const RatioChange& r) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("INSERT INTO ratio_change VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)"));
  q.bind(r.device.value).bind(r.at.value).bind(r.ct).bind(r.vt).bind(r.reason).bind(r.who).bind(r.told.value);
  return q.run();
}

}  // namespace amity::store
