// Rules 8 to 10: the day's shape by itself.
#include <algorithm>
#include <cstdlib>

#include "mdm/validate/checker.h"

namespace amity::mdm {
namespace {

void check_spike(Checker& c) {
  constexpr Rule kRule = Rule::kSpike;
  if (!c.on(kRule)) return;
  if (c.verdict.verified) return c.skipped(kRule, Check::kVerified);
  if (c.verdict.usable < 3) return c.skipped(kRule, Check::kNothingThere);
  const DayGrid& grid = c.grid();
  std::int64_t first = INT64_MIN, second = INT64_MIN, third = INT64_MIN;
  for (std::size_t i = 0; i < grid.slots; ++i) {
    const std::int64_t value = grid.value[i];
    if (value <= third || !c.usable(i)) continue;
    if (value > first)
      third = second, second = first, first = value;
    else if (value > second)
      third = second, second = value;
    else
      third = value;
  }
  if (first <= c.rules.spike_floor)
    return c.skipped(kRule, Check::kBelowFloor, {first, c.rules.spike_floor});
  if (!above(first - third, std::max<std::int64_t>(third, 0), c.rules.spike_permille))
    return c.passed(kRule);
  std::uint32_t count = 0;
  std::int32_t at = -1;
  for (std::size_t i = 0; i < grid.slots;
       ++i) {  // the highest, and the second where it stands out as well
    if (!c.usable(i) ||
        !above(grid.value[i] - third, std::max<std::int64_t>(third, 0), c.rules.spike_permille))
      continue;
    if (grid.value[i] == first && at < 0) at = static_cast<std::int32_t>(i);
    ++count;
    c.mark(kRule, i);
  }
  c.broken(kRule, Check::kSpikeAbove, {first, third, c.rules.spike_permille}, at, count);
}

void check_jump(Checker& c) {
  constexpr Rule kRule = Rule::kJump;
  if (!c.on(kRule)) return;
  const DayGrid& grid = c.grid();
  bool known =
      c.state.last_end_s == grid.day.start.value;  // the day before ended with a valid interval
  std::int64_t last = c.state.last_value, jump_from = 0;
  std::uint32_t count = 0, seen = 0;
  std::int32_t at = -1;
  for (std::size_t i = 0; i < grid.slots; ++i) {
    if (!c.usable(i)) continue;
    ++seen;
    const std::int64_t value = grid.value[i];
    const std::int64_t base = std::abs(last), change = std::abs(value - last);
    const bool heard = std::max(std::abs(value), base) > c.rules.jump_floor;
    if (known && base > 0 && heard && above(change, base, c.rules.jump_permille)) {
      c.mark(kRule, i);
      if (count++ == 0) at = static_cast<std::int32_t>(i), jump_from = last;
      if (c.rules.of(kRule).consequence == Consequence::kFail) continue;  // not the last valid one
    }
    last = value;
    known = true;
  }
  if (seen == 0) return c.skipped(kRule, Check::kNothingThere);
  if (count == 0) return c.passed(kRule);
  c.broken(kRule, Check::kJumpAbove,
           {grid.value[static_cast<std::size_t>(at)], jump_from, c.rules.jump_permille, count}, at,
           count);
}

struct Run {
  std::int64_t value = 0;
  std::uint32_t length = 0;  // with what went before the day
  std::uint32_t here = 0;    // of it, in this day
};

void look_at_run(Checker& c, const Run& run, std::size_t end) {
  const bool zero = run.value == 0;
  const std::uint32_t limit = zero ? c.rules.zero_run : c.rules.stuck_run;
  if (run.length <= limit || (zero && c.in.point.deenergised)) return;
  const std::size_t first = end - run.here;
  for (std::size_t i = first; i < end; ++i) c.mark(Rule::kRun, i);
  c.broken(Rule::kRun, zero ? Check::kZeroRun : Check::kStuckRun, {run.length, limit, run.value},
           static_cast<std::int32_t>(first), run.here);
}

void check_run(Checker& c) {
  constexpr Rule kRule = Rule::kRun;
  if (!c.on(kRule)) return;
  const DayGrid& grid = c.grid();
  Run run;
  if (c.state.last_end_s == grid.day.start.value) run = {c.state.last_value, c.state.run_length, 0};
  bool any = false;
  for (std::size_t i = 0; i < grid.slots; ++i) {
    const bool outage =
        (grid.quality[i] & static_cast<std::uint16_t>(QualityFlag::kPowerDown)) != 0;
    if (c.usable(i) && !outage && run.length > 0 && grid.value[i] == run.value) {
      ++run.length, ++run.here;
      continue;
    }
    if (run.here > 0) look_at_run(c, run, i);
    any = any || c.usable(i);
    run = c.usable(i) && !outage ? Run{grid.value[i], 1, 1} : Run{};
  }
  if (run.here > 0) look_at_run(c, run, grid.slots);
  if (!any && run.here == 0) return c.skipped(kRule, Check::kNothingThere);
  c.passed(kRule);
}

}  // namespace

void check_shape(Checker& c) {
  check_spike(c);
  check_jump(c);
  check_run(c);
}

}  // namespace amity::mdm
