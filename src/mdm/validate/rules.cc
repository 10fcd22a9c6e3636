#include "mdm/validate/rules.h"

#include "mdm/profile/limits.h"

namespace amity::mdm {

std::string_view to_string(Rule rule) {
  static constexpr std::string_view kNames[kRules] = {
      "identity", "clock", "count",    "status", "negative",     "ceiling",  "sum",      "spike",
      "jump",     "run",   "high_low", "peak",   "power_factor", "register", "prolonged"};
  return kNames[static_cast<std::size_t>(rule)];
}

RuleSet scaled_to(const RuleSet& rules, int exponent) {
  RuleSet out = rules;
  for (std::int64_t* amount : {&out.spike_floor, &out.jump_floor, &out.power_factor_floor}) {
    for (int e = exponent; e < 0 && *amount <= kMagnitudeMax; ++e) *amount *= 10;
    for (int e = exponent; e > 0; --e) *amount /= 10;
  }
  return out;
}

const RuleSet* RuleBook::find(std::string_view customer_class, Unit unit) const {
  for (const RuleSet& set : sets_) {
    if (set.customer_class != "*" && set.customer_class != customer_class) continue;
    if (set.unit != Unit::kNone && set.unit != unit) continue;
    return &set;
  }
  return nullptr;
}

}  // namespace amity::mdm
