// The operations department: keeps the picture of `ops` current from the journal, and answers from
// memory. At a start it rebuilds completeness from the stored blocks and meter health from its own
// saved records. Any thread may ask.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/runtime.h"
#include "ops/abnormal.h"
#include "ops/completeness.h"
#include "ops/fleet_state.h"
#include "store/journal.h"
#include "store/readings.h"
#include "store/registry.h"

namespace amity::roles {

// What the operation knows of where a device stands; names as the page shows them.
struct DevicePlace {
  std::string serial, segment, feeder, transformer, model;
  TransformerId transformer_id;
  std::uint32_t interval_s = 0;
};

struct ArrivalCounts {
  std::uint64_t readings_total = 0;
  std::uint64_t readings_last_s = 0, meters_last_s = 0;  // of the last whole second
  double readings_per_s = 0, meters_per_s = 0;           // over the last minute
};

class OpsRole {
 public:
  static constexpr const char* kDepartment = "ops";

  OpsRole(store::Registry& registry, store::Readings& readings, const Clock& clock,
          ops::StatusRules rules);

  // Reads master data, saved health and the last days' blocks.
  Status load();
  void handle(const store::JournalEntry& entry);
  Status save();

  // Runs `ask` under the lock; keep it short.
  template <class F>
  auto read(F&& ask) const {
    const std::lock_guard lock(mutex_);
    return ask(fleet_, completeness_, places_);
  }
  // Recomputed at most every two seconds.
  std::vector<ops::AbnormalItem> abnormal() const;
  ArrivalCounts arrivals() const;
  // Contacts that failed in the last hour, by segment.
  std::unordered_map<std::string, std::uint64_t> failures_by_segment() const;
  std::uint64_t events_today(UtcSeconds start_of_day) const;

 private:
  struct Second {
    std::int64_t second = 0;
    std::uint64_t readings = 0, meters = 0;
  };
  Status load_places();
  Status load_health();
  Status rebuild_completeness();
  void place_device(const Device& device, DevicePlace place, const std::vector<Channel>& channels);
  bool learn_device(DeviceId id);
  // Those of the events that tell of a replaced meter: who is gone is expected no longer, who has
  // come is.
  void learn_replaced(const EventsArrived& arrived);
  void retire_device(DeviceId id, UtcSeconds at);
  // Channels appear when a meter is first read or heard.
  void learn_channels(const ReadingsArrived& arrived);
  void place_channel(const Channel& channel);
  void count_arrivals(const ReadingsArrived& arrived);

  store::Registry& registry_;
  store::Readings& readings_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  ops::FleetState fleet_;
  ops::Completeness completeness_;
  std::unordered_map<DeviceId, DevicePlace> places_;
  std::unordered_set<ChannelId> known_channels_;
  std::unordered_set<DeviceId> with_intervals_;
  // Whose readings show that a meter reports: interval channels; registers of a device that has none.
  std::unordered_map<ChannelId, DeviceId> reporting_channels_;
  std::unordered_map<CommandId, CommandKind> open_commands_;
  std::deque<Second> seconds_;                            // the last minute
  std::deque<std::pair<UtcSeconds, DeviceId>> failures_;  // the last hour
  std::deque<UtcSeconds> events_;                         // received, the last two days
  std::uint64_t readings_total_ = 0;
  mutable std::vector<ops::AbnormalItem> abnormal_;
  mutable Instant abnormal_at_{INT64_MIN};
};

}  // namespace amity::roles
