#include "mdm/validate/rules_toml.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>

namespace amity::mdm {
namespace {

constexpr std::int64_t kAmountMax = 1'000'000'000'000;

Error at(const toml::node& node, std::string why) {
  return make_error(ErrorCode::kMalformed,
                    fmt::format("line {}: {}", node.source().begin.line, why));
}

// One key of a rule's table: where its value goes and how it is written.
enum class Kind : std::uint8_t { kWhole, kPercent, kRatio };
struct Key {
  Rule rule;
  std::string_view name;
  Kind kind;
  std::int64_t min, max;  // of what is kept: percent and ratio per mille
  void (*set)(RuleSet&, std::int64_t);
};

template <auto Member>
void assign(RuleSet& set, std::int64_t value) {
  set.*Member = static_cast<std::remove_reference_t<decltype(set.*Member)>>(value);
}

constexpr Key kKeys[] = {
    {Rule::kClock, "limit_s", Kind::kWhole, 1, 86'400, assign<&RuleSet::clock_limit_s>},
    {Rule::kSum, "tolerance_percent", Kind::kPercent, 0, 1'000,
     assign<&RuleSet::sum_tolerance_permille>},
    {Rule::kSum, "tolerance_resolutions", Kind::kWhole, 0, 1'000,
     assign<&RuleSet::sum_tolerance_resolutions>},
    {Rule::kSpike, "threshold", Kind::kRatio, 1, 1'000'000, assign<&RuleSet::spike_permille>},
    {Rule::kSpike, "floor", Kind::kWhole, 0, kAmountMax, assign<&RuleSet::spike_floor>},
    {Rule::kJump, "threshold", Kind::kRatio, 1, 1'000'000, assign<&RuleSet::jump_permille>},
    {Rule::kJump, "floor", Kind::kWhole, 0, kAmountMax, assign<&RuleSet::jump_floor>},
    {Rule::kRun, "zeros", Kind::kWhole, 1, 1'000'000, assign<&RuleSet::zero_run>},
    {Rule::kRun, "stuck", Kind::kWhole, 1, 1'000'000, assign<&RuleSet::stuck_run>},
    {Rule::kHighLow, "high_percent", Kind::kPercent, 1'000, 1'000'000,
     assign<&RuleSet::high_permille>},
    {Rule::kHighLow, "low_percent", Kind::kPercent, 0, 1'000, assign<&RuleSet::low_permille>},
    {Rule::kHighLow, "like_day_high_percent", Kind::kPercent, 1'000, 1'000'000,
     assign<&RuleSet::like_day_high_permille>},
    {Rule::kHighLow, "like_day_low_percent", Kind::kPercent, 0, 1'000,
     assign<&RuleSet::like_day_low_permille>},
    {Rule::kHighLow, "days_min", Kind::kWhole, 1, 28, assign<&RuleSet::high_low_days_min>},
    {Rule::kPeak, "threshold_percent", Kind::kPercent, 1'000, 1'000'000,
     assign<&RuleSet::peak_permille>},
    {Rule::kPowerFactor, "minimum", Kind::kRatio, 0, 1'000,
     assign<&RuleSet::power_factor_min_permille>},
    {Rule::kPowerFactor, "floor", Kind::kWhole, 0, kAmountMax,
     assign<&RuleSet::power_factor_floor>},
    {Rule::kRegister, "idle_days", Kind::kWhole, 1, 3'660, assign<&RuleSet::idle_days>},
    {Rule::kRegister, "rollover_from_percent", Kind::kPercent, 0, 1'000,
     assign<&RuleSet::rollover_from_permille>},
    {Rule::kProlonged, "days", Kind::kWhole, 0, 3'660, assign<&RuleSet::estimated_days>},
};

const Key* find_key(Rule rule, std::string_view name) {
  for (const Key& key : kKeys) {
    if (key.rule == rule && key.name == name) return &key;
  }
  return nullptr;
}

struct UnitName {
  std::string_view name;
  Unit unit;
};
constexpr UnitName kUnits[] = {
    {"*", Unit::kNone},        {"Wh", Unit::kWattHour},
    {"varh", Unit::kVarHour},  {"VAh", Unit::kVoltAmpereHour},
    {"l", Unit::kLitre},       {"J", Unit::kJoule},
    {"m3", Unit::kCubicMetre},
};

Result<std::int64_t> amount(const Key& key, const toml::node& node) {
  std::int64_t value = 0;
  if (key.kind == Kind::kWhole) {
    if (!node.is_integer()) return at(node, fmt::format("'{}' is a whole number", key.name));
    value = node.as_integer()->get();
  } else {
    if (!node.is_number()) return at(node, fmt::format("'{}' is a number", key.name));
    const double scale = key.kind == Kind::kPercent ? 10 : 1'000;
    const double given = node.is_integer() ? static_cast<double>(node.as_integer()->get())
                                           : node.as_floating_point()->get();
    if (!(std::abs(given) < 1e9)) return at(node, fmt::format("'{}' is out of range", key.name));
    value = std::llround(given * scale);
    if (std::abs(given * scale - static_cast<double>(value)) > 1e-6 * scale) {
      return at(node,
                fmt::format("'{}' has more digits than are kept: {} per mille", key.name, value));
    }
  }
  if (value < key.min || value > key.max) {
    const double scale = key.kind == Kind::kWhole ? 1 : key.kind == Kind::kPercent ? 10 : 1'000;
    return at(node,
              fmt::format("'{}' is from {} to {}", key.name, static_cast<double>(key.min) / scale,
                          static_cast<double>(key.max) / scale));
  }
  return value;
}

Status read_action(const toml::node& node, std::string_view name, RuleAction& action) {
  if (name == "estimate") {
    if (!node.is_boolean()) return at(node, "'estimate' is true or false");
    action.estimate = node.as_boolean()->get();
    return {};
  }
  const std::string text = node.is_string() ? node.as_string()->get() : "";
  if (text == "off")
    action.consequence = Consequence::kOff;
  else if (text == "warn")
    action.consequence = Consequence::kWarn;
  else if (text == "fail")
    action.consequence = Consequence::kFail;
  else
    return at(node, "'severity' is \"off\", \"warn\" or \"fail\"");
  return {};
}

Status read_rule(const toml::node& node, Rule rule, RuleSet& set) {
  if (!node.is_table()) return at(node, fmt::format("'{}' is a table", to_string(rule)));
  for (const auto& [name, value] : *node.as_table()) {
    if (name == "severity" || name == "estimate") {
      AMITY_CHECK(read_action(value, name, set.of(rule)));
      continue;
    }
    const Key* key = find_key(rule, name.str());
    if (key == nullptr) {
      return at(value,
                fmt::format("the rule '{}' has no setting '{}'", to_string(rule), name.str()));
    }
    AMITY_TRY(const std::int64_t kept, amount(*key, value));
    key->set(set, kept);
  }
  return {};
}

Status read_scope(const toml::node& node, std::string_view name, RuleSet& set) {
  if (!node.is_string()) return at(node, fmt::format("'{}' is text", name));
  const std::string text = node.as_string()->get();
  if (name == "class") {
    set.customer_class = text;
    return {};
  }
  const auto* unit = std::ranges::find(kUnits, text, &UnitName::name);
  if (unit == std::end(kUnits)) return at(node, "'unit' is one of * Wh varh VAh m3 l J");
  set.unit = unit->unit;
  return {};
}

Result<RuleSet> read_set(const toml::node& node) {
  if (!node.is_table()) return at(node, "'rules' is a list of tables: [[rules]]");
  RuleSet set;
  for (const auto& [name, value] : *node.as_table()) {
    if (name == "class" || name == "unit") {
      AMITY_CHECK(read_scope(value, name, set));
      continue;
    }
    std::size_t rule = 0;
    while (rule < kRules && to_string(static_cast<Rule>(rule)) != name.str()) ++rule;
    if (rule == kRules) return at(value, fmt::format("no rule is named '{}'", name.str()));
    AMITY_CHECK(read_rule(value, static_cast<Rule>(rule), set));
  }
  return set;
}

// Debian's libtomlplusplus is built with exceptions: they end here.
Result<toml::table> parse(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& e) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("line {}: {}", e.source().begin.line, e.description()));
  }
}

}  // namespace

Result<RuleBook> rules_from_toml(std::string_view text) {
  if (text.size() > kRulesTextMax)
    return make_error(ErrorCode::kLimit, "a rule book of more than 1 MB");
  AMITY_TRY(const toml::table table, parse(text));
  std::vector<RuleSet> sets;
  bool versioned = false;
  for (const auto& [name, value] : table) {
    if (name == "version") {
      if (value.as_integer() == nullptr || value.as_integer()->get() != 1)
        return at(value, "'version' is 1");
      versioned = true;
    } else if (name == "rules" && value.is_array()) {
      for (const toml::node& node : *value.as_array()) {
        AMITY_TRY(RuleSet set, read_set(node));
        sets.push_back(std::move(set));
      }
    } else {
      return at(value, fmt::format("'{}' is neither 'version' nor [[rules]]", name.str()));
    }
  }
  if (!versioned) return make_error(ErrorCode::kMalformed, "line 1: 'version = 1' is missing");
  if (sets.empty()) return make_error(ErrorCode::kMalformed, "line 1: no [[rules]]");
  return RuleBook(std::move(sets));
}

}  // namespace amity::mdm
