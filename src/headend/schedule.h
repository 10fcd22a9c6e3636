// Which device is due when. A binary heap with stale entries: O(log n) for a fleet of any size, one entry per device
// counts.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "model/ids.h"

namespace amity::headend {

// The reading grid of a device: every `interval_s`, `offset_s` after the turn of the interval, plus the device's own
// share of `spread_s` by a hash of its id, so that a fleet is read evenly and the same device at the same moment
// each time.
struct ReadGrid {
  std::uint32_t interval_s = 3'600, offset_s = 120, spread_s = 600;
};
UtcSeconds next_on_grid(const ReadGrid& grid, DeviceId device, UtcSeconds after);  // > after

class Schedule {
 public:
  // Replaces what was planned for the device.
  void put(DeviceId device, UtcSeconds due);
  void erase(DeviceId device);
  std::optional<DeviceId> pop_due(UtcSeconds now);
  std::optional<UtcSeconds> next() ;
  std::optional<UtcSeconds> due(DeviceId device) const;
  std::size_t size() const { return due_.size(); }

 private:
  struct Entry {
    UtcSeconds due;
    DeviceId device;
    friend bool operator>(const Entry& a, const Entry& b) {
      return a.due != b.due ? a.due > b.due : a.device > b.device;
    }
  };
  void drop_stale();

  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
  std::unordered_map<DeviceId, UtcSeconds> due_;
};

}  // namespace amity::headend
