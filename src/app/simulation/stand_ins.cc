#include "app/simulation/stand_ins.h"

#include <algorithm>

namespace amity::simulation {

namespace {
constexpr std::int64_t kFuture_s = 2 * 86'400;  // beyond what the intake lets in
}

ops::Tally Operations::tally(DeviceId device, UtcSeconds from, UtcSeconds until) const {
  return role_.read([&](const ops::FleetState&, const ops::Completeness& completeness,
                        const auto&) { return completeness.device(device, from, until); });
}

std::uint64_t Operations::received(DeviceId device, UtcSeconds from, UtcSeconds until) const {
  return tally(device, from, until).received;
}

std::uint64_t Operations::expected(DeviceId device, UtcSeconds from, UtcSeconds until) const {
  return tally(device, from, until).expected;
}

Status NaiveOperations::load() {
  AMITY_TRY(const auto channels, registry_.channels());
  for (const Channel& c : channels) {
    if (c.kind != ChannelKind::kInterval) continue;
    owners_[c.id] = c.device;
    AMITY_TRY(const auto stored, readings_.read(c.id, UtcSeconds(0), clock_.utc() + kFuture_s));
    for (const Reading& r : stored) counted_[c.device].push_back(r.time);
  }
  return Operations::load();
}

void NaiveOperations::handle(const store::JournalEntry& entry) {
  Operations::handle(entry);
  const auto* arrived = std::get_if<ReadingsArrived>(&entry.fact);
  if (arrived == nullptr) return;
  for (const Reading& r : arrived->readings) {
    if (const auto owner = owners_.find(r.channel); owner != owners_.end())
      counted_[owner->second].push_back(r.time);
  }
}

std::uint64_t NaiveOperations::received(DeviceId device, UtcSeconds from, UtcSeconds until) const {
  const auto of = counted_.find(device);
  if (of == counted_.end()) return 0;
  return static_cast<std::uint64_t>(
      std::ranges::count_if(of->second, [&](UtcSeconds t) { return from < t && t <= until; }));
}

Status forget_counters(store::Registry& registry) {
  std::vector<std::pair<std::string, Bytes>> values;
  AMITY_CHECK(registry.each_value("counter/own/", [&](const std::string& name, ByteView) {
    values.emplace_back(name, Bytes{0, 0, 0, 1});
  }));
  return values.empty() ? Status{} : registry.put_values(values);
}

}  // namespace amity::simulation
