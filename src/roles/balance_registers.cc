// Days of meters that keep no intervals: what their register advanced from midnight to midnight.
#include <algorithm>

#include "mdm/registers/consumption.h"
#include "roles/balance_book.h"

namespace amity::roles {
namespace {

using mdm::SlotQuality;

constexpr std::int64_t kDay_s = 86'400;
constexpr std::int64_t kBeside_s =
    2 * kDay_s;  // how far from midnight a reading still says something
constexpr std::int64_t kClose_s =
    2 * 3'600;  // readings so near to each other that midnight is as read

// Whether midnight is read, or lies between two readings that are close.
bool is_read(std::span<const mdm::RegisterReading> readings, UtcSeconds at) {
  const auto after = std::ranges::lower_bound(readings, at, {}, &mdm::RegisterReading::time);
  if (after == readings.end()) return false;
  if (after->time == at) return true;
  return after != readings.begin() && after->time - std::prev(after)->time <= kClose_s;
}

SlotQuality quality_of(const mdm::PointUse& use, bool read) {
  using mdm::UseFlag;
  if (use.has(UseFlag::kNotBounded) || use.has(UseFlag::kNoMeter)) return SlotQuality::kMissing;
  if (use.has(UseFlag::kDecreased) || use.has(UseFlag::kTooLarge)) return SlotQuality::kFailed;
  return read ? SlotQuality::kActual : SlotQuality::kEstimated;
}

// Multipliers as of an installation that begins there.
std::vector<mdm::RatioChange> ratios_from(const Channel& channel, UtcSeconds from) {
  std::vector<mdm::RatioChange> ratios{{from, channel.multiplier_at(from), 1}};
  for (const MultiplierStep& step : channel.steps) {
    if (step.from > from) ratios.push_back({step.from, step.multiplier, 1});
  }
  return ratios;
}

}  // namespace

UtcSeconds BalanceBook::midnight(std::int32_t day) const {
  const CivilTime c = civil_from_utc(UtcDay(day).start());
  const auto noon =
      zone_.instants(c.year, c.month, c.day, 12, 0, 0);  // never skipped by a change of clocks
  return zone_.start_of_day(noon.empty() ? UtcDay(day).start() : noon.front());
}

Status BalanceBook::set_registers(const BalanceInput& input, std::int32_t first,
                                  std::int32_t last) {
  const UtcSeconds begin = midnight(first), end = midnight(last + 1);
  AMITY_TRY(const auto kept,
            store_.readings().read(input.channel.id, begin - kBeside_s - 1, end + kBeside_s));
  if (kept.empty()) return {};
  std::vector<mdm::RegisterReading> readings;
  readings.reserve(kept.size());
  for (const Reading& r : kept) readings.push_back({input.channel.device, r.time, r.value});
  mdm::PointHistory history;
  mdm::Installation& meter = history.installations.emplace_back();
  meter.device = input.channel.device;
  meter.registers = input.channel.id;
  meter.from = readings.front().time;
  meter.first = readings.front().value;
  for (std::int32_t day = first; day <= last; ++day) {
    const UtcSeconds from = midnight(day), to = midnight(day + 1);
    if (to <= readings.front().time || from >= readings.back().time) continue;
    const auto low =
        std::ranges::lower_bound(readings, from - kBeside_s, {}, &mdm::RegisterReading::time);
    const auto high =
        std::ranges::upper_bound(readings, to + kBeside_s, {}, &mdm::RegisterReading::time);
    const std::span<const mdm::RegisterReading> near(low, high);
    meter.from = near.front().time;
    meter.first = near.front().value;
    if (from < meter.from) continue;  // it begins within this day
    meter.ratios = ratios_from(input.channel, meter.from);
    AMITY_TRY(const mdm::PointUse use, mdm::use_between(history, near, from, to, 0));
    const bool read = is_read(near, from) && is_read(near, to);
    const SlotQuality quality = quality_of(use, read);
    const std::int64_t units = quality == SlotQuality::kMissing ? 0 : in_units(input, use.units, 1);
    AMITY_CHECK(put(input.channel.id, day, units, quality));
  }
  return {};
}

void BalanceBook::note_arrivals(const ReadingsArrived& fact) {
  for (const Reading& r : fact.readings) {
    if (!summed_registers_.contains(r.channel)) continue;
    // The days that it bounds: wherever the zone is, one of these.
    const auto day = static_cast<std::int32_t>(r.time.value / kDay_s);
    for (std::int32_t d = day - 2; d <= day + 2; ++d) {
      if (d >= first_day_ && d < first_day_ + kBalanceDays) stale_.emplace(r.channel, d);
    }
  }
  if (stale_.size() > kStaleDaysMax) board_.reset();
}

Status BalanceBook::catch_up() {
  for (auto at = stale_.begin(); at != stale_.end();) {
    const ChannelId channel = at->first;
    const std::int32_t first = at->second;
    std::int32_t last = first;
    for (++at; at != stale_.end() && at->first == channel && at->second == last + 1; ++at) ++last;
    AMITY_CHECK(set_registers(inputs_.at(channel), first, last));
  }
  stale_.clear();
  return {};
}

}  // namespace amity::roles
