#include "headend/schedule.h"

namespace amity::headend {

UtcSeconds next_on_grid(const ReadGrid& grid, DeviceId device, UtcSeconds after) {
  const std::uint64_t hash = (std::uint64_t{device.value} * 0x9E3779B97F4A7C15ull) >> 32;
  const std::int64_t interval = grid.interval_s == 0 ? 1 : grid.interval_s;
  const std::int64_t share = grid.spread_s == 0 ? 0 : static_cast<std::int64_t>(hash % grid.spread_s);
  const std::int64_t phase = (grid.offset_s + share) % interval;
  const std::int64_t turns = (after.value - phase) / interval;  // times are after 1970
  return UtcSeconds((turns + 1) * interval + phase);
}

void Schedule::put(DeviceId device, UtcSeconds due) {
  due_[device] = due;
  heap_.push({due, device});
}

void Schedule::erase(DeviceId device) { due_.erase(device); }

void Schedule::drop_stale() {
  while (!heap_.empty()) {
    const auto at = due_.find(heap_.top().device);
    if (at != due_.end() && at->second == heap_.top().due) return;
    heap_.pop();
  }
}

std::optional<DeviceId> Schedule::pop_due(UtcSeconds now) {
  drop_stale();
  if (heap_.empty() || heap_.top().due > now) return std::nullopt;
  const DeviceId device = heap_.top().device;
  heap_.pop();
  due_.erase(device);
  return device;
}

std::optional<UtcSeconds> Schedule::next() {
  drop_stale();
  if (heap_.empty()) return std::nullopt;
  return heap_.top().due;
}

std::optional<UtcSeconds> Schedule::due(DeviceId device) const {
  const auto at = due_.find(device);
  if (at == due_.end()) return std::nullopt;
  return at->second;
}

}  // namespace amity::headend
