#include "mdm/rate/urdb.h"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <algorithm>

#include "mdm/rate/limits.h"

namespace amity::mdm {
namespace {

using Value = rapidjson::Value;  // numbers are kept as text

std::string text_of(const Value& v) {
  return v.IsString() ? std::string(v.GetString(), v.GetStringLength()) : "";
}

// "1.5e-2" and the like, exactly.
Result<Decimal> decimal_of(const Value& v, std::string_view name) {
  std::string text = text_of(v);
  int shift = 0;
  if (const std::size_t e = text.find_first_of("eE"); e != std::string::npos) {
    shift = std::clamp(std::atoi(text.c_str() + e + 1), -40, 40);
    text.resize(e);
  }
  // What a program wrote out of a binary fraction (0.12344999999999999) is its nearest nine
  // decimals.
  if (const std::size_t point = text.find('.');
      point != std::string::npos && text.size() > point + 15)
    text.resize(point + 15);
  auto decimal = decimal_from(text);
  if (!decimal.ok())
    return make_error(ErrorCode::kMalformed, fmt::format("'{}': {}", name, decimal.error().reason));
  decimal->exponent += shift;
  if (decimal->exponent > 0 && decimal->exponent < 10) {
    AMITY_TRY(decimal->value, rescale(*decimal, 0));
    decimal->exponent = 0;
  }
  while (decimal->exponent < -9) {
    const bool last = decimal->exponent == -10;
    const std::int64_t rest = decimal->value % 10;
    decimal->value = decimal->value / 10 + (last && rest >= 5 ? 1 : last && rest <= -5 ? -1 : 0);
    ++decimal->exponent;
  }
  if (decimal->value > kDecimalValueMax || decimal->value < -kDecimalValueMax ||
      decimal->exponent > 0)
    return make_error(ErrorCode::kLimit, fmt::format("'{}' has more than 12 digits", name));
  return *decimal;
}

Result<Decimal> sum_of(Decimal a, Decimal b) {
  const int exponent = std::min(a.exponent, b.exponent);
  AMITY_TRY(const std::int64_t x, rescale(a, exponent));
  AMITY_TRY(const std::int64_t y, rescale(b, exponent));
  return Decimal{x + y, exponent};
}

// What a rate of URDB may say besides what is read, and what changes no bill.
constexpr std::string_view kSaysNothingOfMoney[] = {"label",
                                                    "name",
                                                    "utility",
                                                    "eiaid",
                                                    "uri",
                                                    "source",
                                                    "sourceparent",
                                                    "sector",
                                                    "servicetype",
                                                    "description",
                                                    "basicinformationcomments",
                                                    "energycomments",
                                                    "demandcomments",
                                                    "approved",
                                                    "is_default",
                                                    "startdate",
                                                    "enddate",
                                                    "supersedes",
                                                    "revisions",
                                                    "latest_update",
                                                    "getpage",
                                                    "country",
                                                    "zipcode",
                                                    "voltagecategory",
                                                    "voltageminimum",
                                                    "voltagemaximum",
                                                    "phasewiring",
                                                    "peakkwcapacitymin",
                                                    "peakkwcapacitymax",
                                                    "peakkwcapacityhistory",
                                                    "peakkwhusagemin",
                                                    "peakkwhusagemax",
                                                    "peakkwhusagehistory",
                                                    "lookbackmonths",
                                                    "lookbackrange",
                                                    "usenetmetering"};
constexpr std::string_view kRead[] = {"energyratestructure",
                                      "energyweekdayschedule",
                                      "energyweekendschedule",
                                      "demandratestructure",
                                      "demandweekdayschedule",
                                      "demandweekendschedule",
                                      "demandunits",
                                      "demandrateunit",
                                      "demandwindow",
                                      "demandratchetpercentage",
                                      "demandreactivepowercharge",
                                      "flatdemandstructure",
                                      "flatdemandmonths",
                                      "flatdemandunit",
                                      "coincidentratestructure",
                                      "coincidentrateschedule",
                                      "coincidentrateunit",
                                      "fixedchargefirstmeter",
                                      "fixedmonthlycharge",
                                      "fixedchargeunits",
                                      "mincharge",
                                      "minmonthlycharge",
                                      "minchargeunits",
                                      "dgrules",
                                      "lookbackpercent"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

class Importer {
 public:
  explicit Importer(const Value& rate) : rate_(rate) {}

  Result<Tariff> run(std::string_view zone) {
    tariff_.name = text("name").empty() ? "URDB " + text("label") : text("name");
    tariff_.currency = "USD";
    tariff_.zone = zone;
    AMITY_CHECK(refuse_what_has_no_place());
    AMITY_CHECK(read_energy());
    AMITY_CHECK(read_demand());
    AMITY_CHECK(read_flat_demand());
    AMITY_CHECK(read_fixed());
    AMITY_CHECK(read_metering());
    note_what_is_left();
    AMITY_CHECK(check_tariff(tariff_));
    return tariff_;
  }

 private:
  const Value* find(const char* name) const {
    const auto found = rate_.FindMember(name);
    return found == rate_.MemberEnd() || found->value.IsNull() ? nullptr : &found->value;
  }
  std::string text(const char* name) const {
    const Value* v = find(name);
    return v == nullptr ? "" : text_of(*v);
  }
  static Error wrong(const std::string& why) { return make_error(ErrorCode::kMalformed, why); }

  // No number but 0 in it, however deep.
  static bool no_amount(const Value& v) {
    if (v.IsArray()) return std::all_of(v.Begin(), v.End(), no_amount);
    if (v.IsObject()) {
      return std::all_of(v.MemberBegin(), v.MemberEnd(), [](const auto& member) {
        const std::string_view name(member.name.GetString(), member.name.GetStringLength());
        return name == "unit" || name == "max" || no_amount(member.value);
      });
    }
    const auto amount = decimal_of(v, "");
    return v.IsNull() || (amount.ok() && amount->value == 0);
  }
  bool charges(const char* name) const { return find(name) != nullptr && !no_amount(*find(name)); }

  Status refuse_what_has_no_place() const {
    if (charges("coincidentratestructure"))
      return make_error(ErrorCode::kUnsupported,
                        "'coincidentratestructure': the hour of the system's peak is not in the "
                        "rate; a tariff in "
                        "TOML names it ('coincident')");
    for (const char* name : {"lookbackPercent", "lookbackpercent"}) {
      if (charges(name))
        return make_error(ErrorCode::kUnsupported,
                          fmt::format("'{}': which demand looks back is not told; "
                                      "'demandratchetpercentage' is read",
                                      name));
    }
    for (const char* name : {"demandunits", "flatdemandunit", "demandrateunit"}) {
      if (const std::string unit = text(name); !unit.empty() && unit != "kW")
        return make_error(ErrorCode::kUnsupported,
                          fmt::format("'{}' is {}: kW alone is implemented", name, unit));
    }
    if (charges("demandreactivepowercharge"))
      return make_error(ErrorCode::kUnsupported,
                        "'demandreactivepowercharge' is per kVAR of demand: reactive energy alone "
                        "is billed here");
    if (find("demandratchetpercentage") != nullptr && !all_equal("demandratchetpercentage"))
      return make_error(ErrorCode::kUnsupported, "'demandratchetpercentage' differs by month");
    return {};
  }

  // A field that is mistyped, or new, is not passed over in silence.
  void note_what_is_left() {
    for (const auto& member : rate_.GetObject()) {
      const std::string name(member.name.GetString(), member.name.GetStringLength());
      const Value& v = member.value;
      const bool empty = v.IsNull() || (v.IsArray() && v.Empty()) || text_of(v) == "0";
      const auto known = [wanted = lower(name)](std::string_view one) { return one == wanted; };
      if (empty || std::ranges::any_of(kSaysNothingOfMoney, known) ||
          std::ranges::any_of(kRead, known))
        continue;
      tariff_.notes.push_back(name);
    }
    for (const char* name : {"demandweekdayschedule", "demandweekendschedule"}) {
      if (find(name) != nullptr && find("demandratestructure") == nullptr)
        tariff_.notes.push_back(std::string(name) + ": there is no 'demandratestructure'");
    }
  }

  bool all_equal(const char* name) const {
    const Value* list = find(name);
    if (!list->IsArray() || list->Empty()) return false;
    return std::all_of(list->Begin(), list->End(),
                       [&](const Value& v) { return text_of(v) == text_of((*list)[0]); });
  }

  static constexpr std::uint8_t kNoPeriod = 0xFF;
  static Result<std::uint8_t> period_of(const Value& v, std::size_t periods) {
    const std::string text = text_of(v);
    const bool whole = !text.empty() && text.size() < 4 &&
                       text.find_first_not_of("0123456789") == std::string::npos;
    const std::size_t p = whole ? static_cast<std::size_t>(std::atoi(text.c_str())) : periods;
    return p < periods ? static_cast<std::uint8_t>(p) : kNoPeriod;
  }

  // [12][24] of periods; a row that is short or a period that is not there is an error.
  Status read_schedule(const char* name, std::size_t periods, std::uint8_t (&out)[12][24]) const {
    const Value* months = find(name);
    if (months == nullptr || !months->IsArray() || months->Size() != 12)
      return wrong(fmt::format("'{}' is no list of 12 months", name));
    for (unsigned m = 0; m < 12; ++m) {
      const Value& hours = (*months)[m];
      if (!hours.IsArray() || hours.Size() != 24)
        return wrong(fmt::format("'{}': month {} has no 24 hours", name, m + 1));
      for (unsigned h = 0; h < 24; ++h) {
        AMITY_TRY(out[m][h], period_of(hours[h], periods));
        if (out[m][h] == kNoPeriod)
          return wrong(fmt::format("'{}': month {} hour {} names no period", name, m + 1, h));
      }
    }
    return {};
  }

  Result<std::vector<Tier>> read_tiers(const Value& list, const std::string& name, bool energy) {
    if (!list.IsArray() || list.Empty() || list.Size() > kTiersMax)
      return wrong(fmt::format("'{}' is no list of tiers", name));
    std::vector<Tier> tiers;
    for (const Value& one : list.GetArray()) {
      if (!one.IsObject()) return wrong(fmt::format("'{}': a tier is an object", name));
      Tier tier;
      for (const char* part : {"rate", "adj"}) {
        const auto found = one.FindMember(part);
        if (found == one.MemberEnd() || found->value.IsNull()) continue;
        AMITY_TRY(const Decimal amount, decimal_of(found->value, name));
        AMITY_TRY(tier.price, sum_of(tier.price, amount));
      }
      const auto unit = one.FindMember("unit");
      const bool daily = energy && unit != one.MemberEnd() && text_of(unit->value) == "kWh daily";
      const std::string wanted = energy ? "kWh" : "kW";
      if (unit != one.MemberEnd() && text_of(unit->value) != wanted && !daily)
        return make_error(ErrorCode::kUnsupported,
                          fmt::format("'{}': a tier in {}; {} is implemented", name,
                                      text_of(unit->value), energy ? "kWh, kWh daily" : "kW"));
      if (!tiers.empty() && daily != daily_)
        return wrong(fmt::format("'{}': tiers of a period in kWh and in kWh daily", name));
      daily_ = daily;
      if (const auto sell = one.FindMember("sell");
          sell != one.MemberEnd() && !sell->value.IsNull()) {
        AMITY_TRY(const Decimal price, decimal_of(sell->value, name));
        sells_ = sells_ || price.value != 0;
        if (tiers.empty()) first_sell_ = price;
      }
      const auto max = one.FindMember("max");
      const bool last = tiers.size() + 1 == list.Size();
      if (!last && max == one.MemberEnd())
        return wrong(fmt::format("'{}': a tier has no 'max'", name));
      if (!last) {
        AMITY_TRY(tier.upto, decimal_of(max->value, name));
      }
      tiers.push_back(tier);
    }
    if (const Status rising = check_tiers(tiers); !rising.ok())
      return wrong(fmt::format("'{}': {}", name, rising.error().reason));
    return tiers;
  }

  // Energy and demand each have periods and two schedules; a bucket is a pair of them that occurs.
  struct Periods {
    std::vector<std::vector<Tier>> tiers;
    std::vector<std::optional<Decimal>> sell;
    std::vector<bool> daily;  // thresholds are of a day
    std::uint8_t weekday[12][24]{}, weekend[12][24]{};
  };
  Status read_periods(const char* structure, const char* weekday, const char* weekend, bool energy,
                      Periods& out) {
    const Value* list = find(structure);
    if (list == nullptr) {
      out.tiers.push_back({});
      return {};
    }
    if (!list->IsArray() || list->Empty() || list->Size() > kBucketsMax)
      return wrong(fmt::format("'{}' is no list of 1 to 32 periods", structure));
    for (const Value& period : list->GetArray()) {
      first_sell_.reset();
      AMITY_TRY(std::vector<Tier> tiers, read_tiers(period, structure, energy));
      out.tiers.push_back(std::move(tiers));
      out.sell.push_back(first_sell_);
      out.daily.push_back(daily_);
    }
    AMITY_CHECK(read_schedule(weekday, out.tiers.size(), out.weekday));
    return read_schedule(weekend, out.tiers.size(), out.weekend);
  }

  Status read_energy() {
    if (find("energyratestructure") == nullptr)
      return make_error(ErrorCode::kUnsupported, "the rate has no 'energyratestructure'");
    AMITY_CHECK(read_periods("energyratestructure", "energyweekdayschedule",
                             "energyweekendschedule", true, energy_));
    AMITY_CHECK(read_periods("demandratestructure", "demandweekdayschedule",
                             "demandweekendschedule", false, demand_));
    AMITY_CHECK(read_flat_months());
    AMITY_CHECK(make_buckets());
    for (std::size_t p = 0; p < energy_.tiers.size(); ++p) {
      const std::uint32_t mask = buckets_of(p, &Bucket::energy);
      if (mask == 0) continue;
      tariff_.energy.push_back({fmt::format("Energy, period {}", p), Role::kImport, mask,
                                energy_.tiers[p], energy_.daily[p] ? Per::kDay : Per::kMonth,
                                false});
    }
    return {};
  }

  Status make_buckets() {
    std::vector<Season> seasons;
    std::vector<ScheduleRule> rules;
    for (int m = 0; m < 12; ++m)
      seasons.push_back({fmt::format("month {}", m + 1), {m + 1, 1}, {m + 1, 31}});
    for (int m = 0; m < 12; ++m) {
      for (int h = 0; h < 24; ++h) {
        for (const bool weekday : {true, false}) {
          const auto e = weekday ? energy_.weekday[m][h] : energy_.weekend[m][h];
          const auto d = weekday ? demand_.weekday[m][h] : demand_.weekend[m][h];
          AMITY_TRY(const std::uint8_t bucket,
                    bucket_of({e, d, flat_of_month_[static_cast<std::size_t>(m)]}));
          rules.push_back(
              {m, weekday ? kWeekdaysMask : kWeekendMask, h * 3'600, (h + 1) * 3'600, bucket});
        }
      }
    }
    AMITY_TRY(tariff_.schedule, Schedule::make(seasons, rules, tariff_.buckets.size()));
    return {};
  }

  // Energy, demand and flat demand each have their periods; a bucket is a triple that occurs.
  struct Bucket {
    std::uint8_t energy = 0, demand = 0, flat = 0;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };
  Result<std::uint8_t> bucket_of(Bucket bucket) {
    const auto found = std::find(triples_.begin(), triples_.end(), bucket);
    if (found != triples_.end()) return static_cast<std::uint8_t>(found - triples_.begin());
    if (triples_.size() == kBucketsMax)
      return make_error(ErrorCode::kLimit,
                        "more than 32 combinations of energy and demand periods");
    triples_.push_back(bucket);
    tariff_.buckets.push_back(
        fmt::format("energy {} demand {} flat {}", bucket.energy, bucket.demand, bucket.flat));
    return static_cast<std::uint8_t>(triples_.size() - 1);
  }

  std::uint32_t buckets_of(std::size_t period, std::uint8_t Bucket::*of) const {
    std::uint32_t mask = 0;
    for (std::size_t b = 0; b < triples_.size(); ++b)
      mask |= triples_[b].*of == period ? 1u << b : 0;
    return mask;
  }

  // Which of the flat demand's periods each month has; without 'flatdemandmonths' the first.
  Status read_flat_months() {
    const Value* months = find("flatdemandmonths");
    const Value* list = find("flatdemandstructure");
    if (list == nullptr) return {};
    if (!list->IsArray() || list->Empty() || list->Size() > kBucketsMax)
      return wrong("'flatdemandstructure' is no list of 1 to 32 periods");
    if (months == nullptr && list->Size() > 1)
      return wrong("'flatdemandstructure' has several periods and there is no 'flatdemandmonths'");
    if (months == nullptr) return {};
    if (!months->IsArray() || months->Size() != 12)
      return wrong("'flatdemandmonths' is no list of 12 months");
    for (unsigned m = 0; m < 12; ++m) {
      AMITY_TRY(const std::uint8_t period, period_of((*months)[m], list->Size()));
      if (period == kNoPeriod)
        return wrong(fmt::format("'flatdemandmonths': month {} names no period", m + 1));
      flat_of_month_[m] = period;
    }
    return {};
  }

  Result<std::int64_t> ratchet() const {
    const Value* list = find("demandratchetpercentage");
    if (list == nullptr) return 0;
    AMITY_TRY(const Decimal given, decimal_of((*list)[0], "demandratchetpercentage"));
    // .35 or 35: both are in use.
    AMITY_TRY(const std::int64_t billionths, rescale(given, -9));
    return billionths <= 1'000'000'000 ? billionths / 1'000'000 : billionths / 100'000'000;
  }

  Result<DemandItem> demand_item(std::string name, std::vector<Tier> tiers) const {
    DemandItem item;
    item.name = std::move(name);
    item.tiers = std::move(tiers);
    AMITY_TRY(item.ratchet_permille, ratchet());
    if (const Value* window = find("demandwindow")) {
      AMITY_TRY(const Decimal minutes, decimal_of(*window, "demandwindow"));
      AMITY_TRY(const std::int64_t whole, rescale(minutes, 0));
      if (whole < 1 || whole > 60) return wrong("'demandwindow' is from 1 to 60 minutes");
      item.window.window_s = static_cast<std::uint32_t>(whole * 60);
    }
    return item;
  }

  static bool free_of_charge(const std::vector<Tier>& tiers) {
    return std::all_of(tiers.begin(), tiers.end(),
                       [](const Tier& t) { return t.price.value == 0; });
  }

  Status read_demand() {
    if (find("demandratestructure") == nullptr) return {};
    for (std::size_t p = 0; p < demand_.tiers.size(); ++p) {
      const std::uint32_t mask = buckets_of(p, &Bucket::demand);
      if (mask == 0 || free_of_charge(demand_.tiers[p])) continue;
      AMITY_TRY(DemandItem item,
                demand_item(fmt::format("Demand, period {}", p), demand_.tiers[p]));
      if (demand_.tiers.size() > 1) item.window.buckets = mask;
      tariff_.demand.push_back(std::move(item));
    }
    return {};
  }

  Status read_flat_demand() {
    const Value* list = find("flatdemandstructure");
    if (list == nullptr) return {};
    for (unsigned p = 0; p < list->Size(); ++p) {
      AMITY_TRY(std::vector<Tier> tiers, read_tiers((*list)[p], "flatdemandstructure", false));
      const std::uint32_t mask = buckets_of(p, &Bucket::flat);
      if (mask == 0 || free_of_charge(tiers)) continue;
      const bool one = list->Size() == 1;
      AMITY_TRY(DemandItem item,
                demand_item(one ? "Flat demand" : fmt::format("Flat demand, period {}", p),
                            std::move(tiers)));
      if (!one) {
        item.window.buckets = mask;
        item.by_month = true;
      }
      tariff_.demand.push_back(std::move(item));
    }
    return {};
  }

  Status read_fixed() {
    const auto per = [&](const char* name, const char* older) -> Result<Per> {
      const std::string units = text(name).empty() ? text(older) : text(name);
      if (units.empty() || units == "$/month") return Per::kMonth;
      if (units == "$/day") return Per::kDay;
      return make_error(ErrorCode::kUnsupported, fmt::format("'{}' is {}", name, units));
    };
    for (const char* name : {"fixedchargefirstmeter", "fixedmonthlycharge"}) {
      const Value* v = find(name);
      if (v == nullptr) continue;
      AMITY_TRY(const Decimal price, decimal_of(*v, name));
      AMITY_TRY(const Per unit, per("fixedchargeunits", "fixedchargeunits"));
      tariff_.fixed.push_back({"Fixed charge", unit, price});
      break;
    }
    for (const char* name : {"mincharge", "minmonthlycharge"}) {
      const Value* v = find(name);
      if (v == nullptr) continue;
      AMITY_TRY(const Decimal amount, decimal_of(*v, name));
      AMITY_TRY(const Per unit, per("minchargeunits", "minchargeunits"));
      tariff_.minimum.push_back({"Minimum charge", unit, amount, 0b00'1111});
      break;
    }
    return {};
  }

  Status read_metering() {
    const std::string rules = text("dgrules");
    if (rules == "Net Metering")
      tariff_.netting = Netting::kPeriod;
    else if (rules == "Net Billing Instantaneous")
      tariff_.netting = Netting::kInterval;
    else if (rules == "Net Billing Hourly")
      tariff_.netting = Netting::kHour;
    else if (!rules.empty() && rules != "Buy All Sell All")
      return make_error(ErrorCode::kUnsupported, "'dgrules' is " + rules);
    if (rules == "Net Metering")
      tariff_.notes.push_back("credits of net metering that are carried to another month");
    if (!sells_) return {};
    for (std::size_t p = 0; p < energy_.sell.size(); ++p) {
      const std::uint32_t mask = buckets_of(p, &Bucket::energy);
      if (!energy_.sell[p] || mask == 0) continue;
      tariff_.energy.push_back({fmt::format("Sold, period {}", p),
                                Role::kExport,
                                mask,
                                {{std::nullopt, *energy_.sell[p]}},
                                Per::kMonth,
                                true});
    }
    return {};
  }

  const Value& rate_;
  Tariff tariff_;
  Periods energy_, demand_;
  std::vector<Bucket> triples_;
  std::array<std::uint8_t, 12> flat_of_month_{};
  std::optional<Decimal> first_sell_;
  bool sells_ = false, daily_ = false;
};

}  // namespace

Result<Tariff> tariff_from_urdb(std::string_view json, std::string_view zone) {
  if (json.size() > kTariffTextMax)
    return make_error(ErrorCode::kLimit, "a file of more than 4 MB");
  rapidjson::Document document;
  document.Parse<rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag>(
      json.data(), json.size());
  if (document.HasParseError()) {
    const std::size_t at = std::min(document.GetErrorOffset(), json.size());
    const auto line = 1 + std::ranges::count(json.substr(0, at), '\n');
    return make_error(ErrorCode::kMalformed,
                      fmt::format("line {}, byte {}: no JSON: {}", line, at,
                                  rapidjson::GetParseError_En(document.GetParseError())),
                      at);
  }
  const Value* rate = &document;
  if (rate->IsObject() && rate->HasMember("items")) rate = &(*rate)["items"];
  if (rate->IsArray()) {
    if (rate->Size() != 1)
      return make_error(ErrorCode::kInvalid, fmt::format("{} rates: one is wanted", rate->Size()));
    rate = &(*rate)[0];
  }
  if (!rate->IsObject()) return make_error(ErrorCode::kMalformed, "the JSON is no rate");
  return Importer(*rate).run(zone);
}

}  // namespace amity::mdm
