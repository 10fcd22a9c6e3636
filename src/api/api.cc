#include "api/api.h"

#include <algorithm>

#include "api/limits.h"

namespace amity::api {

namespace {

int worker_count() {
  const unsigned cores = std::thread::hardware_concurrency();
  return static_cast<int>(std::max(2u, cores));
}

}  // namespace

Api::Api(store::Store& s, Services& v, const ServerOptions& o, const Clock& c, Random& random)
    : store(s),
      services(v),
      options(o),
      clock(c),
      auth(s.registry(), c, random, o),
      directory(s.registry(), c),
      workers(worker_count(), kWorkerQueueMax),
      password_workers(kPasswordThreads, kPasswordQueueMax) {
  if (auto zone = TimeZone::find(services.system().zone); zone.ok()) zone_ = *zone;
}

std::shared_ptr<const std::vector<DeviceStatus>> Api::statuses() {
  const std::lock_guard lock(statuses_mutex_);
  const Instant now = clock.now();
  if (!statuses_ || now - statuses_at_ > std::chrono::seconds(1)) {
    statuses_ = std::make_shared<const std::vector<DeviceStatus>>(services.statuses());
    statuses_at_ = now;
  }
  return statuses_;
}

Result<Api::ChannelsPtr> Api::channels_of(DeviceId device) {
  ChannelShard& shard = channel_shards_[device.value % 16];
  const Instant now = clock.now();
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(device);
    if (found != shard.entries.end() && now < found->second.until) return found->second.channels;
  }
  AMITY_TRY(auto loaded, store.registry().channels_of(device));
  auto channels = std::make_shared<const std::vector<Channel>>(std::move(loaded));
  const std::lock_guard lock(shard.mutex);
  if (shard.entries.size() >= kChannelCacheMax / 16) shard.entries.clear();
  shard.entries[device] = {channels, now + std::chrono::milliseconds(kChannelCacheMs)};
  return ChannelsPtr(channels);
}

bool Api::begin_exclusive(const std::string& key) {
  const std::lock_guard lock(exclusive_mutex_);
  if (std::find(exclusive_.begin(), exclusive_.end(), key) != exclusive_.end()) return false;
  exclusive_.push_back(key);
  return true;
}

void Api::end_exclusive(const std::string& key) {
  const std::lock_guard lock(exclusive_mutex_);
  std::erase(exclusive_, key);
}

const std::vector<Route>& all_routes() {
  static const std::vector<Route> routes = [] {
    std::vector<Route> all;
    add_reading_routes(all);  // the most asked first
    add_session_routes(all);
    add_overview_routes(all);
    add_device_routes(all);
    add_export_routes(all);
    add_vee_routes(all);
    add_edit_routes(all);
    add_billing_routes(all);
    add_balance_routes(all);
    add_virtual_meter_routes(all);
    add_completeness_routes(all);
    add_command_routes(all);
    add_event_routes(all);
    add_uplink_routes(all);
    add_edge_routes(all);
    add_user_routes(all);
    add_backup_routes(all);
    add_stream_routes(all);
    add_metric_routes(all);
    return all;
  }();
  return routes;
}

}  // namespace amity::api
