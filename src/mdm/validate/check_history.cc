// Rules 11, 12, 13 and 15: against what the channel did before, kept in its state: O(1) a day.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "mdm/validate/checker.h"

namespace amity::mdm {
namespace {

struct Level {
  std::int64_t mean = 0;  // a day
  std::int32_t days = 0;
  bool enough(std::int32_t wanted) const { return days >= wanted && mean > 0; }
};

Level level_of(const PeriodStatistics& p) {
  return {p.days == 0 ? 0 : p.total / p.days, p.days};
}

// The period that the day is in, with the day itself where it is whole.
Level level_now(const Checker& c, std::int32_t period) {
  PeriodStatistics now = c.state.of_period(period);
  if (c.verdict.usable == c.grid().slots && !c.grid().day.part)
    now.total += c.verdict.total, ++now.days;
  return level_of(now);
}

bool outside(std::int64_t value, std::int64_t reference, std::int64_t low, std::int64_t high) {
  return above(value, reference, high) || below(value, reference, low);
}

void check_high_low(Checker& c) {
  constexpr Rule kRule = Rule::kHighLow;
  if (!c.on(kRule)) return;
  const RuleSet& r = c.rules;
  const std::int32_t period = period_of_day(c.grid().day.number);
  const Level now = level_now(c, period);
  const Level before = level_of(c.state.of_period(period - 1));
  const Level last_year = level_of(c.state.of_period(period - kPeriodsPerYear));
  const bool whole = c.verdict.usable == c.grid().slots && !c.grid().day.part;
  bool compared = false;
  if (now.enough(r.high_low_days_min) && before.enough(r.high_low_days_min)) {
    const std::array<std::int64_t, 4> n{now.mean, before.mean, r.low_permille, r.high_permille};
    if (outside(now.mean, before.mean, r.low_permille, r.high_permille))
      c.broken(kRule, Check::kOutsidePrevious, n);
    else
      c.passed(kRule, Check::kWithin, n);
    compared = true;
  }
  if (now.enough(r.high_low_days_min) && last_year.enough(r.high_low_days_min)) {
    const std::array<std::int64_t, 4> n{now.mean, last_year.mean, r.low_permille, r.high_permille};
    if (outside(now.mean, last_year.mean, r.low_permille, r.high_permille))
      c.broken(kRule, Check::kOutsideLastYear, n);
    compared = true;
  }
  const std::uint8_t kind = c.grid().day.kind;
  const std::int64_t like = c.state.like_mean(kind);
  if (whole && c.state.like[kind].count == kLikeDaysKept && like > 0) {
    if (outside(c.verdict.total, like, r.like_day_low_permille, r.like_day_high_permille)) {
      c.broken(kRule, Check::kOutsideLikeDays,
               {c.verdict.total, like, r.like_day_low_permille, r.like_day_high_permille});
    }
    compared = true;
  }
  if (!compared)
    return c.skipped(kRule, Check::kTooFewDays,
                     {std::min(now.days, before.days), r.high_low_days_min});
  c.passed(kRule);
}

void check_peak(Checker& c) {
  constexpr Rule kRule = Rule::kPeak;
  if (!c.on(kRule)) return;
  const PeriodStatistics before = c.state.of_period(period_of_day(c.grid().day.number) - 1);
  if (before.days < c.rules.high_low_days_min || before.peak <= 0) {
    return c.skipped(kRule, Check::kTooFewDays, {before.days, c.rules.high_low_days_min});
  }
  if (!above(c.verdict.peak, before.peak, c.rules.peak_permille)) return c.passed(kRule);
  std::int32_t at = -1;
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < c.grid().slots; ++i) {
    if (!c.usable(i) || !above(c.grid().value[i], before.peak, c.rules.peak_permille)) continue;
    if (c.grid().value[i] == c.verdict.peak && at < 0) at = static_cast<std::int32_t>(i);
    ++count;
  }
  c.broken(kRule, Check::kPeakAbove, {c.verdict.peak, before.peak, c.rules.peak_permille}, at,
           count);
}

void check_power_factor(Checker& c) {
  constexpr Rule kRule = Rule::kPowerFactor;
  if (!c.on(kRule)) return;
  const DayGrid* reactive = c.in.reactive;
  if (reactive == nullptr || reactive->slots != c.grid().slots)
    return c.skipped(kRule, Check::kNotKnown);
  std::int64_t active_sum = 0, reactive_sum = 0, alone = 0;
  std::int32_t first = -1;
  for (std::size_t i = 0; i < c.grid().slots; ++i) {
    if (!c.usable(i) || reactive->present[i] == 0) continue;
    active_sum += std::abs(c.grid().value[i]);
    reactive_sum += std::abs(reactive->value[i]);
    if (c.grid().value[i] == 0 && std::abs(reactive->value[i]) > c.rules.power_factor_floor) {
      if (alone++ == 0) first = static_cast<std::int32_t>(i);
    }
  }
  if (alone > 0) c.odd(kRule, Check::kReactiveAlone, {alone}, first);
  if (active_sum <= c.rules.power_factor_floor) {
    return c.skipped(kRule, Check::kBelowFloor, {active_sum, c.rules.power_factor_floor});
  }
  const double p = static_cast<double>(active_sum), q = static_cast<double>(reactive_sum);
  const auto permille = static_cast<std::int64_t>(1'000 * p / std::sqrt(p * p + q * q));
  if (permille < c.rules.power_factor_min_permille) {
    c.broken(kRule, Check::kPowerFactorLow,
             {active_sum, reactive_sum, permille, c.rules.power_factor_min_permille});
  }
  c.passed(kRule);
}

void check_prolonged(Checker& c) {
  constexpr Rule kRule = Rule::kProlonged;
  if (!c.on(kRule)) return;
  const std::uint32_t days = c.state.estimated_days + (c.verdict.usable < c.grid().slots ? 1 : 0);
  if (c.verdict.usable == c.grid().slots || days <= c.rules.estimated_days) return c.passed(kRule);
  c.broken(kRule, Check::kEstimatedDays, {days, c.rules.estimated_days});
}

}  // namespace

void check_history(Checker& c) {
  check_high_low(c);
  check_peak(c);
  check_power_factor(c);
  check_prolonged(c);
}

}  // namespace amity::mdm
