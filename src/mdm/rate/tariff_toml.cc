#include "mdm/rate/tariff_toml.h"

#include <algorithm>

#include "mdm/rate/toml_fields.h"

namespace amity::mdm {
namespace {

constexpr std::string_view kDayNames[] = {"monday", "tuesday",  "wednesday", "thursday",
                                          "friday", "saturday", "sunday",    "holidays"};

int two_digits(std::string_view text, std::size_t at) {
  if (at + 2 > text.size()) return -1;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : -100; };
  return digit(text[at]) * 10 + digit(text[at + 1]);
}

Result<MonthDay> month_day(TomlFields& fields, std::string_view key) {
  AMITY_TRY(const std::string text, fields.text(key));
  constexpr int kDaysMax[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const MonthDay date{two_digits(text, 0), two_digits(text, 3)};
  const bool valid = text.size() == 5 && text[2] == '-' && date.month >= 1 && date.month <= 12 &&
                     date.day >= 1 && date.day <= kDaysMax[std::clamp(date.month, 1, 12) - 1];
  if (!valid) return toml_error(*fields.find(key), fmt::format("'{}' is a date as \"06-01\"", key));
  return date;
}

Result<std::int32_t> hour(TomlFields& fields, std::string_view key, const char* otherwise) {
  AMITY_TRY(const std::string text, fields.text(key, otherwise));
  const int h = two_digits(text, 0), m = two_digits(text, 3);
  if (text.size() != 5 || text[2] != ':' || h < 0 || h > 24 || m < 0 || m % 15 != 0 || m > 45 ||
      (h == 24 && m != 0))
    return fields.error(fmt::format("'{}' is a quarter hour of the wall clock as \"14:30\"", key));
  return h * 3'600 + m * 60;
}

Result<std::uint8_t> days(TomlFields& fields) {
  const toml::node* node = fields.find("days");
  if (node == nullptr) return std::uint8_t{0xFF};
  std::uint8_t mask = 0;
  const auto add = [&](const toml::node& one) -> Status {
    const std::string name = one.is_string() ? one.as_string()->get() : "";
    const auto* day = std::ranges::find(kDayNames, name);
    if (name == "weekdays")
      mask |= kWeekdaysMask;
    else if (name == "weekend")
      mask |= kWeekendMask;
    else if (day != std::end(kDayNames))
      mask = static_cast<std::uint8_t>(mask | 1u << (day - std::begin(kDayNames)));
    else
      return toml_error(one, "'days' are weekdays, weekend, holidays or monday .. sunday");
    return {};
  };
  if (!node->is_array()) {
    AMITY_CHECK(add(*node));
  } else {
    for (const toml::node& one : *node->as_array()) AMITY_CHECK(add(one));
  }
  return mask;
}

class Reader {
 public:
  Result<Tariff> read(const toml::table& table) {
    TomlFields top(table);
    AMITY_TRY(const std::int64_t version, top.whole("version", 0, 1, 1));
    if (version != 1) return make_error(ErrorCode::kMalformed, "line 1: 'version = 1' is missing");
    AMITY_CHECK(read_head(top));
    AMITY_CHECK(read_buckets(top));
    AMITY_CHECK(each(top, "season", [&](TomlFields& f) { return read_season(f); }));
    AMITY_CHECK(each(top, "schedule", [&](TomlFields& f) { return read_rule(f); }));
    AMITY_CHECK(each(top, "energy", [&](TomlFields& f) { return read_energy(f); }));
    AMITY_CHECK(each(top, "demand", [&](TomlFields& f) { return read_demand(f); }));
    AMITY_CHECK(each(top, "reactive", [&](TomlFields& f) { return read_reactive(f); }));
    AMITY_CHECK(each(top, "fixed", [&](TomlFields& f) { return read_fixed(f); }));
    AMITY_CHECK(each(top, "minimum", [&](TomlFields& f) { return read_minimum(f); }));
    AMITY_CHECK(each(top, "tax", [&](TomlFields& f) { return read_tax(f); }));
    if (const toml::node* gate = top.find("gate")) AMITY_CHECK(read_gate(*gate));
    if (const toml::node* prepay = top.find("prepay")) AMITY_CHECK(read_prepay(*prepay));
    AMITY_CHECK(top.nothing_else("a tariff"));
    if (rules_.empty() && tariff_.buckets.size() == 1) rules_.push_back({});
    auto schedule = Schedule::make(seasons_, rules_, tariff_.buckets.size());
    if (!schedule.ok())
      return make_error(ErrorCode::kMalformed, "line 1: " + schedule.error().reason);
    tariff_.schedule = std::move(*schedule);
    if (const Status checked = check_tariff(tariff_); !checked.ok())
      return make_error(ErrorCode::kMalformed, "line 1: " + checked.error().reason);
    return tariff_;
  }

 private:
  template <class Read>
  Status each(TomlFields& top, std::string_view key, Read read) {
    const toml::node* node = top.find(key);
    if (node == nullptr) return {};
    if (!node->is_array() || node->as_array()->size() > kScheduleRulesMax)
      return toml_error(*node, fmt::format("'{0}' is a list of tables: [[{0}]]", key));
    if (key != "schedule" && node->as_array()->size() > kTariffItemsMax)
      return toml_error(*node, fmt::format("more than {} [[{}]]", kTariffItemsMax, key));
    for (const toml::node& one : *node->as_array()) {
      AMITY_TRY(TomlFields fields, TomlFields::of(one, key));
      AMITY_CHECK(read(fields));
      AMITY_CHECK(fields.nothing_else(fmt::format("[[{}]]", key)));
    }
    return {};
  }

  Status read_head(TomlFields& top) {
    AMITY_TRY(tariff_.name, top.text("name"));
    AMITY_TRY(tariff_.currency, top.text("currency"));
    if (tariff_.currency.size() != 3 ||
        !std::ranges::all_of(tariff_.currency, [](char c) { return c >= 'A' && c <= 'Z'; }))
      return toml_error(*top.find("currency"), "'currency' is a code of ISO 4217, such as \"EUR\"");
    AMITY_TRY(const std::int64_t decimals,
              top.whole("decimals", minor_digits(tariff_.currency), 0, 6));
    tariff_.decimals = static_cast<int>(decimals);
    AMITY_TRY(const std::size_t rounding, top.choice("rounding", {"half-up", "half-even"}, 0));
    tariff_.rounding = static_cast<Rounding>(rounding);
    AMITY_TRY(tariff_.zone, top.text("zone"));
    AMITY_TRY(const std::size_t unit, top.choice("unit", {"kWh", "Wh", "m3", "l", "J"}, 0));
    constexpr Unit kUnits[] = {Unit::kWattHour, Unit::kWattHour, Unit::kCubicMetre, Unit::kLitre,
                               Unit::kJoule};
    tariff_.unit = kUnits[unit];
    tariff_.unit_exponent = unit == 0 ? 3 : 0;
    AMITY_TRY(const std::size_t netting,
              top.choice("netting", {"none", "interval", "hour", "period"}, 0));
    tariff_.netting = static_cast<Netting>(netting);
    if (const toml::node* from = top.find("rerate_from")) {
      const auto date = date_from(from->is_string() ? from->as_string()->get() : "");
      if (!date.ok()) return toml_error(*from, date.error().reason);
      tariff_.rerate_from = *date;
    }
    const toml::node* holidays = top.find("holidays");
    if (holidays == nullptr) return {};
    if (!holidays->is_array()) return toml_error(*holidays, "'holidays' is a list of dates");
    for (const toml::node& one : *holidays->as_array()) {
      const auto date = date_from(one.is_string() ? one.as_string()->get() : "");
      if (!date.ok()) return toml_error(one, date.error().reason);
      tariff_.holidays.insert(*date);
    }
    return {};
  }

  Status read_buckets(TomlFields& top) {
    const toml::node* node = top.find("buckets");
    if (node == nullptr) {
      tariff_.buckets = {"all"};
      return {};
    }
    if (!node->is_array() || node->as_array()->empty() || node->as_array()->size() > kBucketsMax)
      return toml_error(*node, "'buckets' is a list of 1 to 32 names");
    for (const toml::node& one : *node->as_array()) {
      if (!one.is_string()) return toml_error(one, "a bucket is a name");
      tariff_.buckets.push_back(one.as_string()->get());
    }
    return {};
  }

  Result<std::size_t> bucket(const toml::node& node) const {
    const std::string name = node.is_string() ? node.as_string()->get() : "";
    const auto found = std::ranges::find(tariff_.buckets, name);
    if (found == tariff_.buckets.end())
      return toml_error(node, fmt::format("no bucket is named '{}'", name));
    return static_cast<std::size_t>(found - tariff_.buckets.begin());
  }

  Status read_season(TomlFields& f) {
    Season season;
    AMITY_TRY(season.name, f.text("name"));
    AMITY_TRY(season.from, month_day(f, "from"));
    AMITY_TRY(season.to, month_day(f, "to"));
    seasons_.push_back(std::move(season));
    return {};
  }

  Status read_rule(TomlFields& f) {
    ScheduleRule rule;
    AMITY_TRY(const std::string season, f.text("season", "*"));
    if (season != "*") {
      const auto found = std::ranges::find(seasons_, season, &Season::name);
      if (found == seasons_.end()) return f.error("no season is named '" + season + "'");
      rule.season = static_cast<int>(found - seasons_.begin());
    }
    AMITY_TRY(rule.days, days(f));
    AMITY_TRY(rule.from_s, hour(f, "from", "00:00"));
    AMITY_TRY(rule.to_s, hour(f, "to", "24:00"));
    const toml::node* name = f.find("bucket");
    if (name == nullptr) return f.error("'bucket' is missing");
    AMITY_TRY(const std::size_t index, bucket(*name));
    rule.bucket = static_cast<std::uint8_t>(index);
    rules_.push_back(rule);
    return {};
  }

  Result<std::uint32_t> bucket_mask(TomlFields& f) const {
    const toml::node* node = f.find("buckets");
    if (node == nullptr) return UINT32_MAX;
    if (!node->is_array() || node->as_array()->empty())
      return toml_error(*node, "'buckets' is a list of names");
    std::uint32_t mask = 0;
    for (const toml::node& one : *node->as_array()) {
      AMITY_TRY(const std::size_t index, bucket(one));
      mask |= 1u << index;
    }
    return mask;
  }

  static Status read_tiers(TomlFields& f, std::vector<Tier>& tiers) {
    const toml::node* node = f.find("tiers");
    if (node == nullptr) {
      AMITY_TRY(const Decimal price, f.decimal("price"));
      tiers.push_back({std::nullopt, price});
      return {};
    }
    if (!node->is_array() || node->as_array()->empty() || node->as_array()->size() > kTiersMax)
      return toml_error(*node, "'tiers' is a list of {upto, price}");
    for (const toml::node& one : *node->as_array()) {
      AMITY_TRY(TomlFields tier, TomlFields::of(one, "tiers"));
      AMITY_TRY(const Decimal price, tier.decimal("price"));
      tiers.push_back({std::nullopt, price});
      if (tier.find("upto") != nullptr) {
        AMITY_TRY(tiers.back().upto, tier.decimal("upto"));
      }
      AMITY_CHECK(tier.nothing_else("a tier"));
      const bool last = tiers.size() == node->as_array()->size();
      if (tiers.back().upto.has_value() == last)
        return toml_error(one, "every tier but the last has 'upto'");
      if (const Status rising = check_tiers(tiers); !rising.ok())
        return toml_error(one, rising.error().reason);
    }
    return {};
  }

  static Result<Per> per(TomlFields& f) {
    AMITY_TRY(const std::size_t index, f.choice("per", {"period", "day", "month"}, 2));
    return static_cast<Per>(index);
  }

  Status read_energy(TomlFields& f) {
    EnergyItem item;
    AMITY_TRY(item.name, f.text("name"));
    AMITY_TRY(const std::size_t role, f.choice("channel", {"import", "export"}, 0));
    item.role = static_cast<Role>(role);
    AMITY_TRY(item.buckets, bucket_mask(f));
    AMITY_CHECK(read_tiers(f, item.tiers));
    AMITY_TRY(item.tier_per, per(f));
    AMITY_TRY(item.credit, f.flag("credit", item.role == Role::kExport));
    tariff_.energy.push_back(std::move(item));
    return {};
  }

  Status read_demand(TomlFields& f) {
    DemandItem item;
    AMITY_TRY(item.name, f.text("name"));
    AMITY_TRY(const std::int64_t window, f.whole("window_min", 15, 1, 60));
    item.window.window_s = static_cast<std::uint32_t>(window * 60);
    AMITY_TRY(item.window.sliding, f.flag("sliding", false));
    if (const toml::node* name = f.find("bucket")) {
      AMITY_TRY(const std::size_t index, bucket(*name));
      item.window.buckets = 1u << index;
    }
    AMITY_CHECK(read_tiers(f, item.tiers));
    AMITY_TRY(item.ratchet_permille, f.whole("ratchet_permille", 0, 0, 1'000));
    AMITY_TRY(const std::int64_t periods, f.whole("ratchet_periods", 11, 1, kEarlierPeaksMax));
    item.ratchet_periods = static_cast<int>(periods);
    AMITY_TRY(item.prorated, f.flag("prorated", false));
    AMITY_CHECK(read_coincident(f, item));
    tariff_.demand.push_back(std::move(item));
    return {};
  }

  // Wall clock times of the tariff's zone, as "2026-07-14T17:00".
  Status read_coincident(TomlFields& f, DemandItem& item) const {
    const toml::node* node = f.find("coincident");
    if (node == nullptr) return {};
    if (!node->is_array() || node->as_array()->empty())
      return toml_error(*node, "'coincident' is a list of times");
    auto zone = TimeZone::find(tariff_.zone);
    if (!zone.ok()) return toml_error(*node, zone.error().reason);
    for (const toml::node& one : *node->as_array()) {
      const std::string text = one.is_string() ? one.as_string()->get() : "";
      const auto wall = text.size() == 16 ? from_iso(text + ":00Z") : Result<UtcSeconds>(Error{});
      if (!wall.ok())
        return toml_error(one, fmt::format("'{}' is no time as \"2026-07-14T17:00\"", text));
      const CivilTime t = civil_from_utc(*wall);
      const auto instants = zone->instants(t.year, t.month, t.day, t.hour, t.minute, 0);
      if (instants.empty()) return toml_error(one, fmt::format("the clock skips '{}'", text));
      item.coincident.push_back(instants.front());
    }
    return {};
  }

  Status read_reactive(TomlFields& f) {
    ReactiveItem item;
    AMITY_TRY(item.name, f.text("name"));
    AMITY_TRY(item.free_tan_permille, f.whole("free_tan_permille", 0, 0, 100'000));
    AMITY_TRY(item.price, f.decimal("price"));
    tariff_.reactive.push_back(std::move(item));
    return {};
  }

  Status read_fixed(TomlFields& f) {
    FixedItem item;
    AMITY_TRY(item.name, f.text("name"));
    AMITY_TRY(item.per, per(f));
    AMITY_TRY(item.price, f.decimal("price"));
    tariff_.fixed.push_back(std::move(item));
    return {};
  }

  static Result<std::uint8_t> kinds(TomlFields& f, std::string_view key, std::uint8_t otherwise) {
    const toml::node* node = f.find(key);
    if (node == nullptr) return otherwise;
    if (!node->is_array()) return toml_error(*node, fmt::format("'{}' is a list of kinds", key));
    std::uint8_t mask = 0;
    for (const toml::node& one : *node->as_array()) {
      unsigned kind = 0;
      const std::string name = one.is_string() ? one.as_string()->get() : "";
      while (kind <= static_cast<unsigned>(LineKind::kTax) &&
             to_string(static_cast<LineKind>(kind)) != name)
        ++kind;
      if (kind > static_cast<unsigned>(LineKind::kTax))
        return toml_error(one, "a kind is energy, demand, reactive, fixed, minimum or tax");
      mask = static_cast<std::uint8_t>(mask | 1u << kind);
    }
    return mask;
  }

  Status read_minimum(TomlFields& f) {
    MinimumItem item;
    AMITY_TRY(item.name, f.text("name"));
    AMITY_TRY(item.per, per(f));
    AMITY_TRY(item.amount, f.decimal("amount"));
    AMITY_TRY(item.covers, kinds(f, "covers", item.covers));
    tariff_.minimum.push_back(std::move(item));
    return {};
  }

  Status read_tax(TomlFields& f) {
    TaxItem item;
    AMITY_TRY(item.name, f.text("name"));
    AMITY_TRY(item.percent, f.decimal("percent"));
    AMITY_TRY(item.on, kinds(f, "on", item.on));
    tariff_.taxes.push_back(std::move(item));
    return {};
  }

  Status read_prepay(const toml::node& node) {
    AMITY_TRY(TomlFields f, TomlFields::of(node, "prepay"));
    PrepayTerms& terms = tariff_.prepay.emplace();
    for (const auto& [key, amount] : {std::pair{"low_credit", &terms.low_credit},
                                      {"emergency_credit", &terms.emergency_credit}}) {
      const toml::node* given = f.find(key);
      if (given == nullptr) continue;
      AMITY_TRY(*amount, f.decimal(key));
      if (amount->value < 0) return toml_error(*given, fmt::format("'{}' is not negative", key));
    }
    return f.nothing_else("[prepay]");
  }

  Status read_gate(const toml::node& node) {
    AMITY_TRY(TomlFields f, TomlFields::of(node, "gate"));
    GatePolicy& gate = tariff_.gate;
    AMITY_TRY(gate.missing_permille, f.whole("missing_permille", 0, 0, 1'000));
    AMITY_TRY(gate.estimated_permille, f.whole("estimated_permille", 200, 0, 1'000));
    AMITY_TRY(const std::int64_t failed, f.whole("failed", 0, 0, 1'000'000));
    AMITY_TRY(const std::int64_t days, f.whole("unreconciled_days", 0, 0, 1'000));
    gate.failed = static_cast<std::uint32_t>(failed);
    gate.unreconciled_days = static_cast<std::uint32_t>(days);
    return f.nothing_else("[gate]");
  }

  Tariff tariff_;
  std::vector<Season> seasons_;
  std::vector<ScheduleRule> rules_;
};

}  // namespace

Result<std::int32_t> date_from(std::string_view text) {
  const auto time = text.size() == 10 ? from_iso(text) : Result<UtcSeconds>(Error{});
  if (!time.ok())
    return make_error(ErrorCode::kMalformed,
                      fmt::format("'{}' is no date as \"2026-03-29\"", text));
  return static_cast<std::int32_t>(time->value / 86'400);
}

Result<Tariff> tariff_from_toml(std::string_view text) {
  AMITY_TRY(const toml::table table, parse_toml(text));
  return Reader().read(table);
}

}  // namespace amity::mdm
