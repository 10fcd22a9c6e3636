// Shared by the rules: where findings are put. Not for other rooms.
#pragma once

#include "mdm/validate/validate.h"

namespace amity::mdm {

struct Checker {
  const RuleSet& rules;
  const DayInput& in;
  const ChannelState& state;
  DayVerdict& verdict;

  const DayGrid& grid() const { return *in.grid; }
  bool on(Rule rule) const { return rules.of(rule).consequence != Consequence::kOff; }
  // A rule that was broken: its consequence becomes the outcome. The first of the worst is kept.
  void broken(Rule rule, Check check, std::array<std::int64_t, 4> n, std::int32_t slot = -1,
              std::uint32_t slots = 0) {
    const Outcome outcome =
        rules.of(rule).consequence == Consequence::kFail ? Outcome::kFail : Outcome::kWarn;
    note(rule, outcome, check, n, slot, slots);
  }
  // At most a warning, whatever the rule's severity.
  void odd(Rule rule, Check check, std::array<std::int64_t, 4> n, std::int32_t slot = -1) {
    note(rule, Outcome::kWarn, check, n, slot, 0);
  }
  void passed(Rule rule, Check check = Check::kHeld, std::array<std::int64_t, 4> n = {}) {
    note(rule, Outcome::kPass, check, n, -1, 0);
  }
  void skipped(Rule rule, Check check, std::array<std::int64_t, 4> n = {}) {
    Finding& f = verdict.findings[static_cast<std::size_t>(rule)];
    if (f.outcome == Outcome::kSkipped) f = Finding{Outcome::kSkipped, check, -1, 0, n};
  }
  void mark(Rule rule, std::size_t slot) {
    const std::uint16_t bit = static_cast<std::uint16_t>(1u << static_cast<unsigned>(rule));
    const bool fails = rules.of(rule).consequence == Consequence::kFail;
    (fails ? verdict.failed : verdict.warned)[slot] |= bit;
  }
  // Present and not failed by a rule so far.
  bool usable(std::size_t slot) const {
    return grid().present[slot] != 0 && verdict.failed[slot] == 0;
  }

 private:
  void note(Rule rule, Outcome outcome, Check check, std::array<std::int64_t, 4> n,
            std::int32_t slot, std::uint32_t slots) {
    Finding& f = verdict.findings[static_cast<std::size_t>(rule)];
    if (outcome <= f.outcome && f.outcome != Outcome::kSkipped) return;
    f = Finding{outcome, check, static_cast<std::int16_t>(slot), static_cast<std::uint16_t>(slots),
                n};
  }
};

// Share in per mille; limits compare as products, so that nothing is divided.
inline bool above(std::int64_t value, std::int64_t reference, std::int64_t permille) {
  return __int128{value} * 1'000 > __int128{reference} * permille;
}
inline bool below(std::int64_t value, std::int64_t reference, std::int64_t permille) {
  return __int128{value} * 1'000 < __int128{reference} * permille;
}

void check_arrival(Checker& c);    // 1 identity, 2 clock, 3 count
void check_values(Checker& c);     // 4 status, 5 negative, 6 ceiling
void check_registers(Checker& c);  // 7 sum, 14 register
void check_shape(Checker& c);      // 8 spike, 9 jump, 10 run
void check_history(Checker& c);    // 11 high/low, 12 peak, 13 power factor, 15 prolonged

}  // namespace amity::mdm
