// A bill's local days and the bucket of each of its intervals, reckoned once and shared by every
// account with the same tariff, period and interval: 92 or 100 quarter hours where the clock
// changes.
#pragma once

#include <cstdint>
#include <vector>

#include "mdm/determinants/schedule.h"

namespace amity::mdm {

// Shares of a calendar month are exact in this denominator: divisible by 28, 29, 30 and 31.
inline constexpr std::int64_t kMonthShares = 377'580;

struct BillPeriod {
  std::vector<LocalDay> days;
  UtcSeconds start, end;
  std::int64_t month_shares = 0;  // of kMonthShares a month: days / days of their month, summed

  std::int64_t length_s() const { return end - start; }
};

// The local days from the one of `first` to the one of `last`, both included.
Result<BillPeriod> bill_period(const DayCalendar& calendar, UtcSeconds first, UtcSeconds last);

struct BucketRun {
  std::uint32_t first = 0, last = 0;  // slots [first, last)
  std::uint8_t bucket = 0;
};

struct PeriodMap {
  BillPeriod period;
  std::uint32_t interval_s = 0;
  std::size_t buckets = 1;
  std::size_t slots = 0;
  std::vector<BucketRun> runs;  // ascending, without gaps
};

// kInvalid with the time where a change of price would split an interval.
Result<PeriodMap> map_period(const BillPeriod& period, const Schedule& schedule,
                             std::uint32_t interval_s);

}  // namespace amity::mdm
