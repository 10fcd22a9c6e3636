#include "mdm/validate/validate.h"

#include <algorithm>

#include "mdm/validate/checker.h"

namespace amity::mdm {
namespace {

constexpr std::uint16_t bit_of(Rule rule) {
  return static_cast<std::uint16_t>(1u << static_cast<unsigned>(rule));
}

void summarise(Checker& c) {
  DayVerdict& v = c.verdict;
  const DayGrid& grid = c.grid();
  v.total = v.peak = 0;
  v.usable = 0;
  for (std::size_t i = 0; i < grid.slots; ++i) {
    if (!c.usable(i)) continue;
    v.total += grid.value[i];
    v.peak = v.usable == 0 ? grid.value[i] : std::max(v.peak, grid.value[i]);
    ++v.usable;
  }
}

}  // namespace

void validate_day(const RuleSet& rules, const DayInput& input, const ChannelState& state,
                  DayVerdict& verdict) {
  verdict.findings.fill({});
  verdict.worst = Outcome::kPass;
  verdict.verified = false;
  verdict.advance = {};
  verdict.failed.assign(input.grid->slots, 0);
  verdict.warned.assign(input.grid->slots, 0);
  Checker c{rules, input, state, verdict};
  for (std::size_t r = 0; r < kRules; ++r) {
    if (!c.on(static_cast<Rule>(r))) c.skipped(static_cast<Rule>(r), Check::kOff);
  }
  check_arrival(c);
  check_values(c);
  summarise(c);
  check_registers(c);
  check_shape(c);
  summarise(c);
  check_history(c);
  for (const Finding& f : verdict.findings) verdict.worst = std::max(verdict.worst, f.outcome);
}

std::size_t slots_to_estimate(const RuleSet& rules, const DayGrid& grid, const DayVerdict& verdict,
                              std::vector<std::uint8_t>& out) {
  std::uint16_t mask = 0;
  for (std::size_t r = 0; r < kRules; ++r) {
    if (rules.action[r].estimate) mask |= bit_of(static_cast<Rule>(r));
  }
  out.assign(grid.slots, 0);
  std::size_t count = 0;
  for (std::size_t i = 0; i < grid.slots; ++i) {
    out[i] = grid.present[i] == 0 || ((verdict.failed[i] | verdict.warned[i]) & mask) != 0;
    count += out[i];
  }
  return count;
}

bool absorb_day(const DayInput& input, const DayVerdict& verdict, std::size_t estimated_slots,
                ChannelState& state) {
  const DayGrid& grid = *input.grid;
  if (grid.day.number <= state.last_day) return false;
  for (std::size_t i = 0; i < grid.slots; ++i) {
    if (grid.present[i] == 0 || verdict.failed[i] != 0) {
      state.run_length = 0;
      continue;
    }
    const bool same =
        state.last_end_s != 0 && grid.value[i] == state.last_value && state.run_length > 0;
    state.run_length = same ? state.run_length + 1 : 1;
    state.last_value = grid.value[i];
    state.last_end_s = grid.end_of(i).value;
  }
  state.estimated_days = estimated_slots > 0 ? state.estimated_days + 1 : 0;
  state.idle_days = verdict.usable > 0 && verdict.total == 0 ? state.idle_days + 1 : 0;
  const bool whole =
      verdict.usable == grid.slots && !grid.day.part && verdict.worst != Outcome::kFail;
  if (whole) return state.add_day(grid.day.number, grid.day.kind, verdict.total, verdict.peak);
  state.move_to_period(period_of_day(grid.day.number));
  state.last_day = grid.day.number;
  return true;
}

}  // namespace amity::mdm
