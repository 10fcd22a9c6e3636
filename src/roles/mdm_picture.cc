// What the department of validation tells others: the queue, findings in words, storms.
#include <algorithm>

#include "mdm/validate/finding.h"
#include "roles/mdm_role.h"

namespace amity::roles {
namespace {

constexpr std::string_view kAreaPrefix = "area/";
constexpr std::size_t kAreaDaysKept = 30;
constexpr std::int64_t kAreaPatience_s = 6 * 3'600;
constexpr int kTenthsMax = 18;

// In the unit itself, to compare channels of different exponents.
long double in_unit(const api::VeeException& e) {
  long double value = static_cast<long double>(e.day.at_stake);
  for (int i = 0; i < e.channel.exponent && i < kTenthsMax; ++i) value *= 10;
  for (int i = 0; i > e.channel.exponent && i > -kTenthsMax; --i) value /= 10;
  return value;
}

}  // namespace

std::int32_t bill_date(std::int32_t day, int bill_day) {
  CivilTime date = civil_from_utc(UtcDay(day).start());
  if (date.day > bill_day && ++date.month > 12) {
    date.month = 1;
    ++date.year;
  }
  return static_cast<std::int32_t>(utc_from_civil(date.year, date.month, bill_day, 0, 0, 0).value /
                                   86'400);
}

std::vector<api::VeeException> MdmRole::queue() const {
  std::vector<api::VeeException> items;
  {
    const std::lock_guard lock(mutex_);
    items.reserve(exceptions_.size());
    for (const auto& [key, day] : exceptions_) {
      const auto c = channels_.find(key.channel);
      if (c == channels_.end()) continue;
      items.push_back({day, c->second->channel, c->second->device,
                       bill_date(key.day, options_.bill_day), c->second->customer_class, {}});
      for (const VeeFinding& f : day.findings) {
        if (f.rule >= mdm::kRules || f.outcome < static_cast<std::uint8_t>(mdm::Outcome::kWarn))
          continue;
        const auto name = mdm::to_string(static_cast<mdm::Rule>(f.rule));
        auto& rules = items.back().rules;
        if (std::ranges::find(rules, name) == rules.end()) rules.push_back(name);
      }
    }
  }
  std::ranges::stable_sort(items, [](const auto& a, const auto& b) {
    return a.bill_day != b.bill_day ? a.bill_day < b.bill_day : in_unit(a) > in_unit(b);
  });
  return items;
}

Result<std::vector<api::VeeExplained>> MdmRole::explain(const VeeDay& day) {
  AMITY_TRY(const auto channel, store_.registry().channel(day.channel));
  if (!channel) return make_error(ErrorCode::kNotFound, "the channel is gone");
  const mdm::LocalDay part =
      settler_.local_day(day.day).between(day.start, day.start + day.length_s);
  AMITY_TRY(const mdm::DayGrid grid, settler_.grid_of(*channel, part));
  std::vector<api::VeeExplained> out;
  for (const VeeFinding& f : day.findings) {
    if (f.rule >= mdm::kRules || f.check > static_cast<std::uint8_t>(mdm::kCheckLast))
      continue;
    const auto outcome = static_cast<mdm::Outcome>(f.outcome);
    const mdm::Finding finding{outcome, static_cast<mdm::Check>(f.check), f.slot, f.slots, f.n};
    out.push_back({std::string(mdm::to_string(static_cast<mdm::Rule>(f.rule))),
                   std::string(mdm::to_string(outcome)),
                   mdm::explain(finding, grid, *channel, zone_), f});
  }
  return out;
}

MdmCounts MdmRole::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::array<std::uint64_t, kVeeStates> MdmRole::queue_lengths() const {
  const std::lock_guard lock(mutex_);
  std::array<std::uint64_t, kVeeStates> lengths{};
  for (const auto& [key, day] : exceptions_) ++lengths[static_cast<std::size_t>(day.state)];
  return lengths;
}

std::size_t MdmRole::areas_in_storm() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(areas_, [](const auto& a) { return a.second.guard.suspended(); }));
}

// Tells the guards of days whose first validation is over.
void MdmRole::close_areas(UtcSeconds now) {
  for (auto& [name, area] : areas_) {
    while (!area.open.empty()) {
      const Area::Day day = area.open.begin()->second;
      const mdm::LocalDay local = settler_.local_day(day.day);
      if (now - (local.start + local.length_s) < options_.validate_after_s + kAreaPatience_s) break;
      area.guard.add_day(day.devices, day.expected, day.received);
      area.closed.push_back(day);
      if (area.closed.size() > kAreaDaysKept) area.closed.pop_front();
      area.open.erase(area.open.begin());
      area.changed = true;
    }
  }
}

// The tallies are kept, not the guard: told again in order, it is what it was.
Status MdmRole::save_areas(std::vector<std::pair<std::string, Bytes>>& states) {
  for (auto& [name, area] : areas_) {
    if (!area.changed) continue;
    Bytes bytes;
    ByteWriter w(bytes);
    w.u8(1);
    const auto put = [&w](const Area::Day& d) {
      w.u32(static_cast<std::uint32_t>(d.day));
      w.u32(d.devices);
      w.u64(d.expected);
      w.u64(d.received);
    };
    w.u32(static_cast<std::uint32_t>(area.closed.size()));
    for (const Area::Day& d : area.closed) put(d);
    w.u32(static_cast<std::uint32_t>(area.open.size()));
    for (const auto& [day, d] : area.open) put(d);
    states.emplace_back(std::string(kAreaPrefix) + name, std::move(bytes));
  }
  return {};
}

Status MdmRole::load_areas() {
  Status damaged;
  const auto read = [this](const std::string& name, ByteView bytes) -> Status {
    ByteReader in(bytes);
    AMITY_TRY(const std::uint8_t version, in.u8());
    if (version != 1) return in.malformed("an area of another version");
    Area area;
    area.guard = mdm::StormGuard(options_.storm);
    for (const bool closed : {true, false}) {
      AMITY_TRY(const std::uint32_t count, in.u32());
      for (std::uint32_t i = 0; i < count; ++i) {
        Area::Day d;
        AMITY_TRY(const std::uint32_t day, in.u32());
        d.day = static_cast<std::int32_t>(day);
        AMITY_TRY(d.devices, in.u32());
        AMITY_TRY(d.expected, in.u64());
        AMITY_TRY(d.received, in.u64());
        if (!closed) {
          area.open[d.day] = d;
          continue;
        }
        area.guard.add_day(d.devices, d.expected, d.received);
        area.closed.push_back(d);
      }
    }
    areas_[name] = std::move(area);
    return {};
  };
  AMITY_CHECK(store_.finals().each_state(
      std::string(kAreaPrefix), [&](const std::string& name, ByteView bytes) {
        if (Status one = read(name.substr(kAreaPrefix.size()), bytes); !one.ok()) damaged = one;
      }));
  return damaged;
}

}  // namespace amity::roles
