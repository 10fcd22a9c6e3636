#include "roles/services.h"

#include <algorithm>
#include <chrono>

namespace amity::roles {
namespace {

constexpr Duration kCountsAge = std::chrono::minutes(1);

api::Attention attention(int priority) {
  return priority == 1   ? api::Attention::kP1
         : priority == 2 ? api::Attention::kP2
                         : api::Attention::kP3;
}

ops::GroupBy group_by(api::GroupBy group) {
  return static_cast<ops::GroupBy>(group);
}

std::optional<double> ratio(const ops::Tally& tally) {
  if (tally.expected == 0) return std::nullopt;
  return static_cast<double>(tally.received) / static_cast<double>(tally.expected);
}

// What keeps a meter's newest readings from being here.
std::string why_missing(const ops::DeviceHealth& health, ops::DeviceStatus status) {
  if (status == ops::DeviceStatus::kSecurity) return "keys or counters refused";
  if (status == ops::DeviceStatus::kNew) return "not contacted yet";
  if (health.failures_in_row > 0) return health.last_error.substr(0, health.last_error.find(':'));
  return "not yet read";
}

const std::string& group_name(const DevicePlace& place, api::GroupBy group) {
  switch (group) {
    case api::GroupBy::kFeeder:
      return place.feeder;
    case api::GroupBy::kTransformer:
      return place.transformer;
    case api::GroupBy::kModel:
      return place.model;
    case api::GroupBy::kSegment:
      break;
  }
  return place.segment;
}

}  // namespace

PlatformServices::PlatformServices(store::Store& store, OpsRole& ops, CommandRole& commands,
                                   const Clock& clock, ServicesAbout about, HeadEndTotals totals)
    : store_(store),
      ops_(ops),
      commands_(commands),
      clock_(clock),
      about_(std::move(about)),
      totals_(std::move(totals)) {}

api::SystemInfo PlatformServices::system() {
  const std::lock_guard lock(mutex_);
  if (!counts_ || clock_.now() - counts_at_ > kCountsAge) {
    api::SystemInfo info;
    info.utility = about_.utility;
    info.zone = about_.zone.name();
    info.version = about_.version;
    info.commit = about_.commit;
    info.started = about_.started;
    info.demo = about_.demo;
    store::Registry& registry = store_.registry();
    if (const auto all = registry.devices(); all.ok()) info.devices = all->size();
    if (const auto all = registry.channels(); all.ok()) info.channels = all->size();
    if (const auto all = registry.service_points(); all.ok()) info.service_points = all->size();
    if (const auto all = registry.transformers(); all.ok()) info.transformers = all->size();
    if (const auto all = registry.feeders(); all.ok()) info.feeders = all->size();
    counts_ = info;
    counts_at_ = clock_.now();
  }
  api::SystemInfo info = *counts_;
  info.now = clock_.utc();
  return info;
}

Result<api::CompletenessGrid> PlatformServices::completeness(const api::CompletenessQuery& query) {
  const std::int64_t step_s = query.by_day ? 86'400 : 3'600;
  if (query.to <= query.from) return make_error(ErrorCode::kInvalid, "'to' must be after 'from'");
  const UtcSeconds now = clock_.utc();
  api::CompletenessGrid grid;
  ops_.read([&](const ops::FleetState&, const ops::Completeness& completeness, const auto& places) {
    const UtcSeconds from = std::max(query.from, completeness.first_day().start());
    const bool narrowed = !query.segment.empty() || !query.feeder.empty() ||
                          !query.transformer.empty() || !query.model.empty();
    ops::CompletenessTable table;
    if (narrowed) {
      std::unordered_map<DeviceId, std::string> group_of;
      for (const auto& [id, place] : places) {
        const bool taken = (query.segment.empty() || place.segment == query.segment) &&
                           (query.feeder.empty() || place.feeder == query.feeder) &&
                           (query.transformer.empty() || place.transformer == query.transformer) &&
                           (query.model.empty() || place.model == query.model);
        if (taken) group_of[id] = group_name(place, query.group);
      }
      table = completeness.table_of(group_of, from, query.to, step_s, now);
    } else {
      table = completeness.table(group_by(query.group), from, query.to, step_s, now);
    }
    grid.times = std::move(table.times);
    for (std::size_t i = 0; i < table.groups.size(); ++i) {
      if (!query.all_groups && table.groups[i].id != query.id) continue;
      grid.groups.push_back({table.groups[i].id, table.groups[i].name, table.groups[i].devices});
      for (const ops::Tally& tally : table.cells[i])
        grid.cells.emplace_back(tally.received, tally.expected);
    }
  });
  return grid;
}

api::DeviceStatus PlatformServices::status_of(DeviceId id, const ops::DeviceHealth& health,
                                              const ops::FleetState& fleet,
                                              const ops::Completeness& completeness,
                                              UtcSeconds now) const {
  api::DeviceStatus status;
  status.device = id;
  status.status = to_string(fleet.status(health, now));
  status.last_contact = health.last_contact;
  status.last_reading = health.last_reading;
  status.completeness_24h = ratio(completeness.device(id, now - 86'400, now));
  if (health.clock_known) status.clock_offset_s = health.clock_offset_s;
  return status;
}

std::vector<api::DeviceStatus> PlatformServices::statuses() {
  const UtcSeconds now = clock_.utc();
  std::vector<api::DeviceStatus> all;
  ops_.read(
      [&](const ops::FleetState& fleet, const ops::Completeness& completeness, const auto& places) {
        all.reserve(places.size());
        for (const auto& [id, health] : fleet.all())
          all.push_back(status_of(id, health, fleet, completeness, now));
      });
  return all;
}

std::optional<api::DeviceStatus> PlatformServices::status(DeviceId device) {
  return ops_.read([&](const ops::FleetState& fleet, const ops::Completeness& completeness,
                       const auto&) -> std::optional<api::DeviceStatus> {
    const ops::DeviceHealth* health = fleet.health(device);
    if (health == nullptr) return std::nullopt;
    return status_of(device, *health, fleet, completeness, clock_.utc());
  });
}

std::vector<api::AbnormalItem> PlatformServices::abnormal() {
  std::vector<api::AbnormalItem> items;
  for (const ops::AbnormalItem& item : ops_.abnormal()) {
    items.push_back({attention(ops::priority(item.kind)), std::string(to_string(item.kind)),
                     item.device, item.since, item.text});
  }
  return items;
}

Result<api::MissingReport> PlatformServices::missing(api::GroupBy group) {
  const UtcSeconds now = clock_.utc();
  api::MissingReport report;
  std::map<std::pair<std::string, std::string>, api::MissingRow> rows;
  const auto add = [&](const DevicePlace& place, const std::string& cause,
                       std::uint64_t intervals) {
    if (intervals == 0) return;
    api::MissingRow& row = rows[{group_name(place, group), cause}];
    row.segment = group_name(place, group);
    row.cause = cause;
    ++row.devices;
    row.intervals += intervals;
  };
  ops_.read(
      [&](const ops::FleetState& fleet, const ops::Completeness& completeness, const auto& places) {
        report.since = completeness.first_day().start();
        for (const auto& [id, place] : places) {
          const ops::Tally all = completeness.device(id, report.since, now);
          if (all.received >= all.expected) continue;
          const ops::DeviceHealth& health = *fleet.health(id);
          // What is older than the last contact did not come with it; a polled meter may be without
          // it, one that only sends cannot be asked.
          const UtcSeconds read(health.last_success.value / 3'600 * 3'600);
          const ops::Tally before =
              completeness.device(id, report.since, std::clamp(read, report.since, now));
          const std::uint64_t absent = before.expected - std::min(before.received, before.expected);
          const std::uint64_t missing = all.expected - all.received;
          add(place, "not given, though in contact since", std::min(absent, missing));
          add(place, why_missing(health, fleet.status(health, now)),
              missing - std::min(absent, missing));
        }
      });
  for (auto& [key, row] : rows) report.rows.push_back(std::move(row));
  std::stable_sort(report.rows.begin(), report.rows.end(),
                   [](const auto& a, const auto& b) { return a.intervals > b.intervals; });
  return report;
}

std::vector<api::SegmentRow> PlatformServices::segments() {
  const UtcSeconds now = clock_.utc();
  const auto failures = ops_.failures_by_segment();
  std::map<std::string, std::pair<api::SegmentRow, ops::Tally>> rows;
  ops_.read(
      [&](const ops::FleetState& fleet, const ops::Completeness& completeness, const auto& places) {
        for (const auto& [id, place] : places) {
          auto& [row, tally] = rows[place.segment];
          row.name = place.segment;
          ++row.devices;
          const ops::DeviceHealth* health = fleet.health(id);
          const ops::DeviceStatus status = fleet.status(*health, now);
          row.reachable +=
              status == ops::DeviceStatus::kOk || status == ops::DeviceStatus::kLate ? 1 : 0;
          row.last_contact = std::max(row.last_contact, health->last_success);
          const ops::Tally own = completeness.device(id, now - 86'400, now);
          tally.received += own.received;
          tally.expected += own.expected;
        }
      });
  std::vector<api::SegmentRow> all;
  for (auto& [name, entry] : rows) {
    entry.first.completeness = ratio(entry.second);
    if (const auto found = failures.find(name); found != failures.end())
      entry.first.failures = found->second;
    all.push_back(std::move(entry.first));
  }
  return all;
}

std::vector<api::GridNode> PlatformServices::grid() {
  std::unordered_map<DeviceId, bool> abnormal;
  for (const ops::AbnormalItem& item : ops_.abnormal()) abnormal[item.device] = true;
  std::map<TransformerId, api::GridNode> nodes;
  ops_.read([&](const ops::FleetState&, const ops::Completeness&, const auto& places) {
    for (const auto& [id, place] : places) {
      api::GridNode& node = nodes[place.transformer_id];
      node.transformer = place.transformer_id;
      ++node.devices;
      node.abnormal += abnormal.contains(id) ? 1 : 0;
    }
  });
  std::vector<api::GridNode> all;
  for (const auto& [id, node] : nodes) all.push_back(node);
  return all;
}

api::Arrivals PlatformServices::arrivals() {
  const ArrivalCounts counts = ops_.arrivals();
  return {counts.readings_last_s, counts.meters_last_s, counts.readings_per_s,
          counts.readings_total};
}

Status PlatformServices::ready() {
  const std::lock_guard lock(mutex_);
  if (not_ready_) return make_error(ErrorCode::kBusy, *not_ready_);
  return {};
}

void PlatformServices::set_not_ready(std::optional<std::string> reason) {
  const std::lock_guard lock(mutex_);
  not_ready_ = std::move(reason);
}

void PlatformServices::submit_command(Command command, OnSubmitted done) {
  commands_.submit(std::move(command), std::move(done));
}

}  // namespace amity::roles
