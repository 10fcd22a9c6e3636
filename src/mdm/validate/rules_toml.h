// The rule book as TOML. A key or table that is not known, of a wrong type or out of range is an
// error with its line.
#pragma once

#include <string_view>

#include "base/result.h"
#include "mdm/validate/rules.h"

namespace amity::mdm {

inline constexpr std::size_t kRulesTextMax = 1'000'000;

// Later sets start from the defaults of rules.h, not from one another.
Result<RuleBook> rules_from_toml(std::string_view text);
// What the project ships: electricity, reactive energy, water, gas and heat.
std::string_view default_rules_text();

}  // namespace amity::mdm
