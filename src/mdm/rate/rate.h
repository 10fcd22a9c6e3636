// From the final intervals of a period to a statement. A plan is made once per tariff, period and
// interval; rating an account then allocates nothing but its lines.
#pragma once

#include <span>

#include "mdm/rate/statement.h"

namespace amity::mdm {

struct RatePlan {
  Tariff tariff;
  PeriodMap map;
  std::int8_t exponent = 0;  // of the channels
  // Raw integers of the channel where each energy item's tiers end, prorated (half up).
  std::vector<std::vector<std::int64_t>> tier_ends;
};

// kInvalid where the tariff does not fit the period, the interval or the exponent.
Result<RatePlan> make_plan(const Tariff& tariff, const BillPeriod& period, std::uint32_t interval_s,
                           std::int8_t exponent);

struct AccountUse {
  std::string_view account;
  IntervalView import;
  const IntervalView* exported = nullptr;
  const IntervalView* reactive = nullptr;
  std::span<const std::int64_t> earlier_peaks;  // newest first, raw unit per hour: W
  std::uint32_t unreconciled_days = 0;          // of mdm/registers
  // By the tariff's demand items, where they are known apart; else `earlier_peaks` are of each.
  std::span<const std::vector<std::int64_t>> own_earlier_peaks{};
};

// `out` is a buffer to be reused.
Status rate(const RatePlan& plan, const AccountUse& use, Statement& out);

}  // namespace amity::mdm
