// Rules 1 to 3: is it the right channel, at the right time, and all of it?
#include <cstdlib>

#include "mdm/validate/checker.h"

namespace amity::mdm {
namespace {

void check_identity(Checker& c) {
  constexpr Rule kRule = Rule::kIdentity;
  if (!c.on(kRule)) return;
  if (!c.in.reported) return c.skipped(kRule, Check::kNotKnown);
  const Reported& r = *c.in.reported;
  const Channel& master = *c.in.channel;
  if (r.device != master.device)
    c.broken(kRule, Check::kDevice, {r.device.value, master.device.value});
  if (r.multiplier != master.multiplier)
    c.broken(kRule, Check::kMultiplier, {r.multiplier, master.multiplier});
  if (r.unit != master.unit) {
    c.broken(kRule, Check::kUnit,
             {static_cast<std::int64_t>(r.unit), static_cast<std::int64_t>(master.unit)});
  }
  if (r.interval_s != master.interval_s)
    c.broken(kRule, Check::kInterval, {r.interval_s, master.interval_s});
  c.passed(kRule);
}

void check_clock(Checker& c) {
  constexpr Rule kRule = Rule::kClock;
  if (!c.on(kRule)) return;
  const DayGrid& grid = c.grid();
  std::int32_t future = -1, early = -1;
  for (std::size_t i = 0; i < grid.slots; ++i) {
    if (grid.present[i] == 0) continue;
    const bool late = c.in.now.value != 0 && grid.end_of(i) - c.in.now > c.rules.clock_limit_s;
    const bool before = grid.end_of(i) - grid.interval_s < c.in.point.commissioned;
    if (!late && !before) continue;
    c.mark(kRule, i);
    std::int32_t& first = late ? future : early;
    if (first < 0) first = static_cast<std::int32_t>(i);
  }
  if (future >= 0) {
    c.broken(kRule, Check::kFuture,
             {grid.end_of(static_cast<std::size_t>(future)).value, c.in.now.value}, future);
  }
  if (early >= 0) {
    c.broken(kRule, Check::kBeforeCommission,
             {grid.end_of(static_cast<std::size_t>(early)).value, c.in.point.commissioned.value},
             early);
  }
  if (c.in.clock_offset_s && std::abs(std::int64_t{*c.in.clock_offset_s}) > c.rules.clock_limit_s) {
    c.broken(kRule, Check::kClockOffset, {*c.in.clock_offset_s, c.rules.clock_limit_s});
  }
  c.passed(kRule);
}

void check_count(Checker& c) {
  constexpr Rule kRule = Rule::kCount;
  if (!c.on(kRule)) return;
  const DayGrid& grid = c.grid();
  const ArrivalRemarks& a = grid.arrival;
  if (grid.present_count < grid.slots) {
    std::uint32_t run = 0, longest = 0;
    std::int32_t at = -1;
    for (std::size_t i = 0; i < grid.slots; ++i) {
      run = grid.present[i] == 0 ? run + 1 : 0;
      if (run == 0) continue;
      c.mark(kRule, i);
      if (run > longest) longest = run, at = static_cast<std::int32_t>(i - run + 1);
    }
    c.broken(kRule, Check::kGap,
             {grid.present_count, static_cast<std::int64_t>(grid.slots), longest}, at,
             static_cast<std::uint32_t>(grid.slots - grid.present_count));
  }
  if (a.conflicts > 0)
    c.broken(kRule, Check::kConflict, {a.conflicts}, a.first_conflict, a.conflicts);
  if (a.off_grid > 0) c.broken(kRule, Check::kOverlap, {a.off_grid});
  if (a.outside > 0) c.broken(kRule, Check::kOutside, {a.outside});
  if (a.implausible > 0) c.broken(kRule, Check::kImplausible, {a.implausible});
  if (a.duplicates > 0) c.odd(kRule, Check::kDuplicate, {a.duplicates});
  if (a.out_of_order > 0) c.odd(kRule, Check::kOutOfOrder, {a.out_of_order});
  c.passed(kRule);
}

}  // namespace

void check_arrival(Checker& c) {
  check_identity(c);
  check_clock(c);
  check_count(c);
}

}  // namespace amity::mdm
