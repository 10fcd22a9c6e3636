// Rules 7 and 14: intervals against registers, and registers by themselves.
#include <algorithm>
#include <cstdlib>

#include "mdm/validate/checker.h"

namespace amity::mdm {
namespace {

std::int64_t tolerance(const Checker& c, std::int64_t advance) {
  const auto share = static_cast<std::int64_t>(__int128{std::abs(advance)} *
                                               c.rules.sum_tolerance_permille / 1'000);
  return std::max(c.in.point.register_resolution * c.rules.sum_tolerance_resolutions, share);
}

bool bound_by_registers(const Checker& c) {
  const auto& points = c.in.registers;
  const LocalDay& day = c.grid().day;
  return points.size() >= 2 && points.front().time == day.start &&
         points.back().time == day.start + day.length_s;
}

void check_sum(Checker& c) {
  constexpr Rule kRule = Rule::kSum;
  if (!c.on(kRule)) return;
  const DayVerdict& v = c.verdict;
  if (!bound_by_registers(c) || !v.advance.usable()) return c.skipped(kRule, Check::kNotKnown);
  const std::int64_t limit = tolerance(c, v.advance.units);
  if (c.in.tariff_advance && std::abs(*c.in.tariff_advance - v.advance.units) > limit) {
    c.broken(kRule, Check::kTouDiffers, {*c.in.tariff_advance, v.advance.units, limit});
  }
  if (v.usable < c.grid().slots) return c.skipped(kRule, Check::kNotKnown);
  const bool agrees = std::abs(v.total - v.advance.units) <= limit;
  if (!agrees) return c.broken(kRule, Check::kSumDiffers, {v.total, v.advance.units, limit});
  c.verdict.verified = v.of(kRule).outcome < Outcome::kWarn;
  c.passed(kRule, Check::kSumAgrees, {v.total, v.advance.units, limit});
}

void check_register(Checker& c) {
  constexpr Rule kRule = Rule::kRegister;
  if (!c.on(kRule)) return;
  const DayVerdict& v = c.verdict;
  const bool known = c.in.registers.size() >= 2;
  const std::int64_t use = known && v.advance.usable() ? v.advance.units : v.total;
  if (known && !v.advance.usable())
    c.broken(kRule, Check::kDecrease, {v.advance.from, v.advance.to, c.in.face.modulus});
  if (!c.in.point.active && use > 0) c.broken(kRule, Check::kUseInactive, {use});
  const bool idle = v.usable > 0 && v.total == 0 && use == 0;
  if (c.in.point.active && !c.in.point.deenergised && idle &&
      c.state.idle_days + 1 > c.rules.idle_days) {
    c.odd(kRule, Check::kIdle, {c.state.idle_days + 1, c.rules.idle_days});
  }
  if (!known && v.usable == 0) return c.skipped(kRule, Check::kNotKnown);
  if (v.advance.rollovers > 0)
    c.passed(kRule, Check::kRolledOver, {v.advance.from, v.advance.to, v.advance.units});
  if (v.advance.exchanges > 0)
    c.passed(kRule, Check::kExchanged, {v.advance.exchanges, v.advance.units});
  c.passed(kRule);
}

}  // namespace

void check_registers(Checker& c) {
  RegisterFace face = c.in.face;
  face.rollover_from_permille = c.rules.rollover_from_permille;
  if (c.in.registers.size() >= 2) c.verdict.advance = advance_over(c.in.registers, face);
  check_sum(c);
  check_register(c);
}

}  // namespace amity::mdm
