// Rules 4 to 6: what each interval says by itself.
#include <algorithm>

#include "mdm/validate/checker.h"

namespace amity::mdm {
namespace {

constexpr std::uint16_t bits(QualityFlag flag) {
  return static_cast<std::uint16_t>(flag);
}
// Marks that make a value unusable. Power down is looked at with the value: an outage's zero is
// true.
constexpr std::uint16_t kUnusable = bits(QualityFlag::kClockInvalid) |
                                    bits(QualityFlag::kClockAdjusted) |
                                    bits(QualityFlag::kDataInvalid) | bits(QualityFlag::kPartial) |
                                    bits(QualityFlag::kOverflow) | bits(QualityFlag::kWatchdog);

void check_status(Checker& c) {
  constexpr Rule kRule = Rule::kStatus;
  if (!c.on(kRule)) return;
  const DayGrid& grid = c.grid();
  std::uint16_t any = 0;
  for (std::size_t i = 0; i < grid.slots; ++i) any |= grid.quality[i];
  if ((any & (kUnusable | bits(QualityFlag::kPowerDown))) == 0) return c.passed(kRule);
  std::uint32_t marked = 0, outages = 0;
  std::uint16_t seen = 0;
  std::int32_t first_marked = -1, first_outage = -1;
  for (std::size_t i = 0; i < grid.slots; ++i) {
    if (grid.present[i] == 0) continue;
    const std::uint16_t bad = grid.quality[i] & kUnusable;
    const bool outage = (grid.quality[i] & bits(QualityFlag::kPowerDown)) != 0;
    if (outage && grid.value[i] == 0) continue;
    if (bad == 0 && !outage) continue;
    c.mark(kRule, i);
    if (bad != 0) {
      seen |= bad;
      if (marked++ == 0) first_marked = static_cast<std::int32_t>(i);
    } else if (outages++ == 0) {
      first_outage = static_cast<std::int32_t>(i);
    }
  }
  if (marked > 0) c.broken(kRule, Check::kStatusFlags, {marked, seen}, first_marked, marked);
  if (outages > 0) {
    c.broken(kRule, Check::kOutageUse,
             {outages, grid.value[static_cast<std::size_t>(first_outage)]}, first_outage, outages);
  }
  c.passed(kRule);
}

void check_negative(Checker& c) {
  constexpr Rule kRule = Rule::kNegative;
  if (!c.on(kRule)) return;
  if (!c.in.point.delivered_only) return c.skipped(kRule, Check::kNotKnown);
  const DayGrid& grid = c.grid();
  std::int64_t lowest = 0;
  for (std::size_t i = 0; i < grid.slots; ++i) lowest = std::min(lowest, grid.value[i]);
  if (lowest >= 0) return c.passed(kRule);
  std::uint32_t count = 0;
  std::int32_t first = -1;
  for (std::size_t i = 0; i < grid.slots; ++i) {
    if (grid.value[i] >= 0) continue;
    c.mark(kRule, i);
    if (count++ == 0) first = static_cast<std::int32_t>(i);
  }
  c.broken(kRule, Check::kNegativeValue, {count, lowest}, first, count);
}

void check_ceiling(Checker& c) {
  constexpr Rule kRule = Rule::kCeiling;
  if (!c.on(kRule)) return;
  if (c.in.point.rating_per_hour <= 0) return c.skipped(kRule, Check::kNotKnown);
  const DayGrid& grid = c.grid();
  const std::int64_t ceiling =
      static_cast<std::int64_t>(__int128{c.in.point.rating_per_hour} * grid.interval_s / 3'600);
  std::int64_t highest = INT64_MIN;
  std::uint32_t count = 0;
  std::int32_t first = -1;
  for (std::size_t i = 0; i < grid.slots; ++i) {
    highest = std::max(highest, grid.value[i]);
    if (grid.value[i] <= ceiling) continue;
    c.mark(kRule, i);
    if (count++ == 0) first = static_cast<std::int32_t>(i);
  }
  if (count > 0) c.broken(kRule, Check::kAboveCeiling, {count, highest, ceiling}, first, count);
  c.passed(kRule);
}

}  // namespace

void check_values(Checker& c) {
  check_status(c);
  check_negative(c);
  check_ceiling(c);
}

}  // namespace amity::mdm
