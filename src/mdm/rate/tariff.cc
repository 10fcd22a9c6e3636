#include "mdm/rate/tariff.h"

#include <fmt/format.h>

#include <algorithm>

namespace amity::mdm {
namespace {

// Of decimals as prices are written: at most 12 digits.
bool less(Decimal a, Decimal b) {
  const auto wide = [low = std::min(a.exponent, b.exponent)](const Decimal& d) {
    __int128 value = d.value;
    for (int e = d.exponent; e > low; --e) value *= 10;
    return value;
  };
  return wide(a) < wide(b);
}

}  // namespace

Status check_tiers(const std::vector<Tier>& tiers) {
  Decimal before{0, 0};
  for (const Tier& tier : tiers) {
    if (!tier.upto) continue;
    if (!less(before, *tier.upto)) {
      return make_error(ErrorCode::kInvalid,
                        fmt::format("a tier that ends at {} after {}: thresholds rise",
                                    to_string(*tier.upto), to_string(before)));
    }
    before = *tier.upto;
  }
  return {};
}

Status check_tariff(const Tariff& t) {
  for (auto at = t.buckets.begin(); at != t.buckets.end(); ++at) {
    if (std::find(t.buckets.begin(), at, *at) != at)
      return make_error(ErrorCode::kInvalid, fmt::format("two buckets are named '{}'", *at));
  }
  std::uint32_t billed = 0;
  for (const EnergyItem& item : t.energy) billed |= item.role == Role::kImport ? item.buckets : 0;
  for (std::size_t b = 0; billed != 0 && b < t.buckets.size(); ++b) {
    if ((billed >> b & 1) != 0) continue;
    return make_error(
        ErrorCode::kInvalid,
        fmt::format("no [[energy]] bills the bucket '{}': where it is free, its price "
                    "is \"0\"",
                    t.buckets[b]));
  }
  if (t.energy.empty() && t.demand.empty() && t.reactive.empty() && t.fixed.empty() &&
      t.minimum.empty())
    return make_error(ErrorCode::kInvalid, "the tariff bills nothing");
  return {};
}

Status check_daily(const Tariff& tariff) {
  const auto refused = [](const char* what, const std::string& name) -> Status {
    return make_error(ErrorCode::kInvalid,
                      fmt::format("{} '{}' is the price of a whole period, a prepaid account is "
                                  "billed day by day",
                                  what, name));
  };
  if (!tariff.demand.empty()) return refused("[[demand]]", tariff.demand.front().name);
  for (const FixedItem& item : tariff.fixed) {
    if (item.per == Per::kPeriod) return refused("[[fixed]]", item.name);
  }
  for (const MinimumItem& item : tariff.minimum) {
    if (item.per == Per::kPeriod) return refused("[[minimum]]", item.name);
  }
  for (const EnergyItem& item : tariff.energy) {
    if (item.tiers.size() > 1 && item.tier_per == Per::kPeriod)
      return refused("[[energy]]", item.name);
  }
  if (tariff.netting == Netting::kPeriod) return refused("netting", "period");
  return {};
}

std::string_view to_string(LineKind kind) {
  static constexpr std::string_view kNames[] = {"energy", "demand",  "reactive",
                                                "fixed",  "minimum", "tax"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string unit_text(const Tariff& tariff) {
  return (tariff.unit_exponent == 3 ? "k" : "") + std::string(symbol(tariff.unit));
}

std::string demand_unit_text(const Tariff& tariff) {
  if (tariff.unit == Unit::kWattHour) return tariff.unit_exponent == 3 ? "kW" : "W";
  return unit_text(tariff) + "/h";
}

}  // namespace amity::mdm
