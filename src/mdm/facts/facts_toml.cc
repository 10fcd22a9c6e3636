// The file, strictly: docs/formats/vee_facts.md.
#include "mdm/facts/facts.h"
#include "mdm/rate/tariff_toml.h"
#include "mdm/rate/toml_fields.h"

namespace amity::mdm {
namespace {

constexpr std::int64_t kWeightMax = 1'000'000'000;
constexpr std::int64_t kDialDigitsMax = 12;

Result<Unit> unit_of(TomlFields& fields) {
  AMITY_TRY(const std::string symbol, fields.text("unit"));
  const auto unit = unit_from(symbol);
  if (symbol.empty() || !unit) return fields.error("'unit' is one such as \"Wh\" or \"m3\"");
  return *unit;
}

Status read_holidays(const toml::node& node, UtilityFacts& facts) {
  if (!node.is_array()) return toml_error(node, "'holidays' is a list of dates");
  for (const toml::node& one : *node.as_array()) {
    const auto date = date_from(one.is_string() ? one.as_string()->get() : "");
    if (!date.ok()) return toml_error(one, date.error().reason);
    facts.holidays.insert(*date);
  }
  return {};
}

Status read_hours(TomlFields& fields, std::string_view key, UseProfile::Hours& hours) {
  const toml::node* node = fields.find(key);
  const auto wrong = [&] {
    return node == nullptr
               ? fields.error(fmt::format("'{}' is missing", key))
               : toml_error(*node, fmt::format("'{}' is a list of 24 whole numbers", key));
  };
  if (node == nullptr || !node->is_array() || node->as_array()->size() != hours.size())
    return wrong();
  std::size_t at = 0;
  bool any = false;
  for (const toml::node& one : *node->as_array()) {
    const auto* weight = one.as_integer();
    if (weight == nullptr || weight->get() < 0 || weight->get() > kWeightMax) return wrong();
    any = any || weight->get() > 0;
    hours[at++] = weight->get();
  }
  return any ? Status() : Status(toml_error(*node, fmt::format("'{}' is all zeros", key)));
}

Status read_profile(const toml::node& node, UtilityFacts& facts) {
  AMITY_TRY(TomlFields fields, TomlFields::of(node, "profile"));
  UseProfile profile;
  AMITY_TRY(profile.customer_class, fields.text("class", "*"));
  AMITY_TRY(profile.unit, unit_of(fields));
  if (const toml::node* daily = fields.find("daily")) {
    AMITY_TRY(profile.daily, TomlFields::decimal_of(*daily, "daily"));
    if (profile.daily.value < 0) return toml_error(*daily, "'daily' is not below zero");
  }
  AMITY_CHECK(read_hours(fields, "workday", profile.workday));
  AMITY_CHECK(read_hours(fields, "saturday", profile.saturday));
  AMITY_CHECK(read_hours(fields, "sunday", profile.sunday));
  AMITY_CHECK(fields.nothing_else("a profile"));
  facts.profiles.push_back(std::move(profile));
  return {};
}

// Which of the names is given, and its text.
Result<std::pair<RatingOf, std::string>> scope_of(TomlFields& fields, std::string_view what) {
  static constexpr std::string_view kNames[] = {"point", "class", "meter", "model"};
  std::optional<std::pair<RatingOf, std::string>> of;
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (fields.find(kNames[i]) == nullptr) continue;
    if (of) return fields.error(fmt::format("a {} is of one thing, not of two", what));
    AMITY_TRY(std::string name, fields.text(kNames[i]));
    of.emplace(static_cast<RatingOf>(i), std::move(name));
  }
  if (!of)
    return fields.error(fmt::format("a {} is of a 'point', 'class', 'meter' or 'model'", what));
  return *of;
}

Status read_rating(const toml::node& node, UtilityFacts& facts) {
  AMITY_TRY(TomlFields fields, TomlFields::of(node, "rating"));
  AMITY_TRY(const auto of, scope_of(fields, "rating"));
  AMITY_TRY(const Unit unit, unit_of(fields));
  AMITY_TRY(const Decimal per_hour, fields.decimal("per_hour"));
  if (per_hour.value <= 0) return fields.error("'per_hour' is more than nothing");
  AMITY_CHECK(fields.nothing_else("a rating"));
  if (!facts.ratings.emplace(std::tuple(of.first, of.second, unit), per_hour).second)
    return toml_error(node, fmt::format("'{}' is rated twice", of.second));
  return {};
}

Status read_dial(const toml::node& node, UtilityFacts& facts) {
  AMITY_TRY(TomlFields fields, TomlFields::of(node, "dial"));
  AMITY_TRY(const auto of, scope_of(fields, "dial"));
  if (of.first != RatingOf::kMeter && of.first != RatingOf::kModel)
    return fields.error("a dial is of a 'meter' or a 'model'");
  AMITY_TRY(const Unit unit, unit_of(fields));
  AMITY_TRY(const std::int64_t digits, fields.whole("digits", 0, 1, kDialDigitsMax));
  if (digits == 0) return fields.error("'digits' is missing");
  AMITY_CHECK(fields.nothing_else("a dial"));
  if (!facts.dials.emplace(std::tuple(of.first, of.second, unit), static_cast<int>(digits)).second)
    return toml_error(node, fmt::format("'{}' has two dials", of.second));
  return {};
}

Result<ChannelName> channel_name(TomlFields& fields, std::string_view key) {
  AMITY_TRY(const std::string text, fields.text(key));
  const std::size_t slash = text.rfind('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size())
    return fields.error(fmt::format("'{}' is a meter and its channel: \"12345/import\"", key));
  return ChannelName{text.substr(0, slash), text.substr(slash + 1)};
}

Status read_check(const toml::node& node, UtilityFacts& facts) {
  AMITY_TRY(TomlFields fields, TomlFields::of(node, "check"));
  AMITY_TRY(const ChannelName main, channel_name(fields, "main"));
  AMITY_TRY(const ChannelName check, channel_name(fields, "check"));
  AMITY_CHECK(fields.nothing_else("a check"));
  if (main == check) return toml_error(node, "a channel does not check itself");
  if (!facts.checks.emplace(main, check).second)
    return toml_error(node, fmt::format("'{}/{}' has two checks", main.meter, main.channel));
  return {};
}

using Reader = Status (*)(const toml::node&, UtilityFacts&);

Status read_list(const toml::node& node, std::string_view name, Reader read, UtilityFacts& facts) {
  if (!node.is_array() || node.as_array()->size() > kFactsMax)
    return toml_error(node, fmt::format("'{}' is a list of tables: [[{}]]", name, name));
  for (const toml::node& one : *node.as_array()) AMITY_CHECK(read(one, facts));
  return {};
}

}  // namespace

Result<UtilityFacts> facts_from_toml(std::string_view text) {
  AMITY_TRY(const toml::table table, parse_toml(text));
  TomlFields fields(table);
  AMITY_TRY(const std::int64_t version, fields.whole("version", 0, 1, 1));
  if (version != 1) return fields.error("'version = 1' is missing");
  UtilityFacts facts;
  if (const toml::node* node = fields.find("holidays")) AMITY_CHECK(read_holidays(*node, facts));
  for (const auto& [name, read] : {std::pair<const char*, Reader>{"profile", read_profile},
                                   {"rating", read_rating},
                                   {"dial", read_dial},
                                   {"check", read_check}}) {
    if (const toml::node* node = fields.find(name))
      AMITY_CHECK(read_list(*node, name, read, facts));
  }
  AMITY_CHECK(fields.nothing_else("the file"));
  return facts;
}

}  // namespace amity::mdm
