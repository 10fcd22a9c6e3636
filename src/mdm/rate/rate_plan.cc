#include "mdm/rate/limits.h"
#include "mdm/rate/rate.h"

namespace amity::mdm {
namespace {

// A threshold in raw integers of the channel, over the period's days.
Result<std::int64_t> tier_end(const Tier& tier, Per per, const RatePlan& plan) {
  if (!tier.upto) return INT64_MAX;
  const BillPeriod& period = plan.map.period;
  const auto days = static_cast<std::int64_t>(period.days.size());
  const std::int64_t numerator = per == Per::kDay     ? days
                                 : per == Per::kMonth ? period.month_shares
                                                      : 1;
  // priced() is exact arithmetic; here the "money" is the channel's raw unit.
  return priced(1, plan.tariff.unit_exponent, *tier.upto, plan.exponent, Rounding::kHalfUp,
                numerator, per == Per::kMonth ? kMonthShares : 1);
}

}  // namespace

Result<RatePlan> make_plan(const Tariff& tariff, const BillPeriod& period, std::uint32_t interval_s,
                           std::int8_t exponent) {
  if (!tariff.schedule) return make_error(ErrorCode::kInvalid, "the tariff has no schedule");
  if (exponent < -6 || exponent > 6)
    return make_error(ErrorCode::kInvalid, "a channel with an exponent beyond +-6");
  AMITY_TRY(PeriodMap map, map_period(period, *tariff.schedule, interval_s));
  RatePlan plan{tariff, std::move(map), exponent, {}};
  for (const EnergyItem& item : tariff.energy) {
    std::vector<std::int64_t>& ends = plan.tier_ends.emplace_back();
    for (const Tier& tier : item.tiers) {
      AMITY_TRY(const std::int64_t end, tier_end(tier, item.tier_per, plan));
      ends.push_back(end);
    }
  }
  for (const DemandItem& item : tariff.demand) {
    const Status fits = check_window(item.window, interval_s);
    if (!fits.ok()) return make_error(fits.error().code, item.name + ": " + fits.error().reason);
  }
  return plan;
}

}  // namespace amity::mdm
