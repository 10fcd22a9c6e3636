// The settings of the fifteen rules for one class of channels. Percentages are per mille, amounts
// are in the unit itself until scaled_to() a channel. docs/formats/vee_rules.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace amity::mdm {

enum class Rule : std::uint8_t {
  kIdentity = 0,
  kClock,
  kCount,
  kStatus,
  kNegative,
  kCeiling,
  kSum,
  kSpike,
  kJump,
  kRun,
  kHighLow,
  kPeak,
  kPowerFactor,
  kRegister,
  kProlonged,
};
inline constexpr std::size_t kRules = 15;
// "identity", "clock", ...: the table of the rule in TOML.
std::string_view to_string(Rule rule);

enum class Consequence : std::uint8_t { kOff = 0, kWarn = 1, kFail = 2 };

// What a rule does when it is broken, whatever it looks at.
struct RuleAction {
  Consequence consequence = Consequence::kFail;
  bool estimate = false;  // the intervals it points at are replaced by estimates
};

struct RuleSet {
  std::string customer_class = "*";  // "*": any
  Unit unit = Unit::kNone;           // kNone: any

  std::array<RuleAction, kRules> action{};
  std::int32_t clock_limit_s = 180;
  std::int64_t sum_tolerance_permille = 5;
  std::int64_t sum_tolerance_resolutions = 2;
  std::int64_t spike_permille = 1'800;
  std::int64_t spike_floor = 0;  // highest interval below this: not looked at
  std::int64_t jump_permille = 10'000;
  std::int64_t jump_floor = 0;  // neither value above this: not looked at
  std::uint32_t zero_run = 96;
  std::uint32_t stuck_run = 12;
  std::int64_t high_permille = 1'600;
  std::int64_t low_permille = 400;
  std::int64_t like_day_high_permille = 3'000;
  std::int64_t like_day_low_permille = 100;
  std::int32_t high_low_days_min = 7;
  std::int64_t peak_permille = 2'000;
  std::int64_t power_factor_min_permille = 700;
  std::int64_t power_factor_floor = 0;  // active energy of the day below this: not looked at
  std::uint32_t idle_days = 30;
  std::int32_t rollover_from_permille = 900;
  std::uint32_t estimated_days = 5;

  RuleAction of(Rule rule) const { return action[static_cast<std::size_t>(rule)]; }
  RuleAction& of(Rule rule) { return action[static_cast<std::size_t>(rule)]; }
};

// The same rules with amounts in the raw integers of a channel with this exponent. Once a channel,
// not once a day.
RuleSet scaled_to(const RuleSet& rules, int exponent);

class RuleBook {
 public:
  explicit RuleBook(std::vector<RuleSet> sets = {}) : sets_(std::move(sets)) {}
  // The first set that fits; null when none does.
  const RuleSet* find(std::string_view customer_class, Unit unit) const;
  const std::vector<RuleSet>& sets() const { return sets_; }

 private:
  std::vector<RuleSet> sets_;
};

}  // namespace amity::mdm
