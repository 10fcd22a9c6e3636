// A tariff: what is paid for energy, demand, reactive energy and being connected, and how. Data
// only; docs/formats/tariff.md. Prices are exact decimals of the currency's major unit.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/units.h"
#include "mdm/determinants/demand.h"
#include "mdm/determinants/energy.h"
#include "mdm/determinants/schedule.h"
#include "mdm/rate/money.h"

namespace amity::mdm {

enum class Role : std::uint8_t { kImport = 0, kExport = 1 };
enum class Per : std::uint8_t { kPeriod = 0, kDay = 1, kMonth = 2 };

struct Tier {
  std::optional<Decimal> upto;  // in the tariff's unit, per `tier_per`; the last tier has none
  Decimal price;
};

struct EnergyItem {
  std::string name;
  Role role = Role::kImport;
  std::uint32_t buckets = UINT32_MAX;  // bit = bucket
  std::vector<Tier> tiers;             // at least one
  Per tier_per = Per::kMonth;          // thresholds are prorated over the days
  bool credit = false;                 // paid to the customer
};

struct DemandItem {
  std::string name;
  DemandWindow window;
  std::vector<Tier> tiers;  // in the unit per hour: kW
  std::int64_t ratchet_permille = 0;
  int ratchet_periods = 11;
  bool prorated = false;  // x days / days of their months
  // Begins of the system's peaks: the demand is that at them. Empty: the account's own highest.
  std::vector<UtcSeconds> coincident{};
  // Of a price for some months of the year: a bill that begins or ends within them is refused.
  bool by_month = false;
};

struct ReactiveItem {
  std::string name;
  std::int64_t free_tan_permille = 0;  // reactive energy up to this share of the active is free
  Decimal price;
};

struct FixedItem {
  std::string name;
  Per per = Per::kMonth;
  Decimal price;
};

enum class LineKind : std::uint8_t { kEnergy, kDemand, kReactive, kFixed, kMinimum, kTax };
std::string_view to_string(LineKind kind);
inline constexpr std::uint8_t kAllButTax = 0b01'1111;  // bit = LineKind

struct MinimumItem {
  std::string name;
  Per per = Per::kMonth;
  Decimal amount;
  std::uint8_t covers = 0b00'1111;  // energy, demand, reactive, fixed
};

struct TaxItem {
  std::string name;
  Decimal percent;
  std::uint8_t on = kAllButTax;  // with kTax: the taxes before it as well
};

// What holds a bill back. Shares in per mille of the period's intervals.
struct GatePolicy {
  std::int64_t missing_permille = 0;
  std::int64_t estimated_permille = 200;
  std::uint32_t failed = 0;             // intervals that a rule failed and nobody resolved
  std::uint32_t unreconciled_days = 0;  // days whose intervals and registers disagree
};

// Of prepaid accounts, in the currency's major unit.
struct PrepayTerms {
  Decimal low_credit;        // at or below: the customer is told
  Decimal emergency_credit;  // how far below zero before the credit counts as used up
};

struct Tariff {
  std::string name, currency;
  int decimals = 2;  // of the currency's smallest unit
  Rounding rounding = Rounding::kHalfUp;
  std::string zone = "UTC";
  Unit unit = Unit::kWattHour;
  int unit_exponent = 3;  // prices are per 10^3 Wh
  std::set<std::int32_t> holidays;
  // Billed periods that begin on this date or later are rated again when the tariff's text changes;
  // none: what was billed stays.
  std::optional<std::int32_t> rerate_from;
  std::vector<std::string> buckets;
  std::optional<Schedule> schedule;
  Netting netting = Netting::kNone;
  std::vector<EnergyItem> energy;
  std::vector<DemandItem> demand;
  std::vector<ReactiveItem> reactive;
  std::vector<FixedItem> fixed;
  std::vector<MinimumItem> minimum;
  std::vector<TaxItem> taxes;
  GatePolicy gate;
  std::optional<PrepayTerms> prepay;
  std::vector<std::string> notes;  // what an import could not take over
};

// Thresholds of tiers rise from more than nothing. kInvalid: the first that does not.
Status check_tiers(const std::vector<Tier>& tiers);
// What would make a wrong bill without anybody seeing it: buckets whose import no [[energy]] bills
// beside others that are billed, names given twice, nothing billed at all.
Status check_tariff(const Tariff& tariff);
// What is prepaid is billed a day at a time: kInvalid where an item is the price of a longer period
// and would be charged anew every day.
Status check_daily(const Tariff& tariff);

// "kWh", "kW", "kvarh": the tariff's unit as prices name it.
std::string unit_text(const Tariff& tariff);
std::string demand_unit_text(const Tariff& tariff);

}  // namespace amity::mdm
