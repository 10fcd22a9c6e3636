#include "mdm/determinants/period_map.h"

#include <fmt/format.h>

#include "mdm/profile/limits.h"

namespace amity::mdm {
namespace {

std::int64_t days_of_month(std::int32_t day_number) {
  const CivilTime date = civil_from_utc(UtcSeconds(std::int64_t{day_number} * 86'400));
  const int next_year = date.month == 12 ? date.year + 1 : date.year;
  const UtcSeconds first = utc_from_civil(date.year, date.month, 1, 0, 0, 0);
  return (utc_from_civil(next_year, date.month % 12 + 1, 1, 0, 0, 0) - first) / 86'400;
}

}  // namespace

Result<BillPeriod> bill_period(const DayCalendar& calendar, UtcSeconds first, UtcSeconds last) {
  BillPeriod period;
  LocalDay day = calendar.day_at(first);
  period.start = day.start;
  while (day.start <= last) {
    if (period.days.size() == kPeriodDaysMax)
      return make_error(ErrorCode::kLimit, "a bill over more than 400 days");
    period.days.push_back(day);
    period.month_shares += kMonthShares / days_of_month(day.number);
    period.end = day.start + day.length_s;
    day = calendar.day_at(period.end);
  }
  if (period.days.empty()) return make_error(ErrorCode::kInvalid, "a bill over no day");
  return period;
}

Result<PeriodMap> map_period(const BillPeriod& period, const Schedule& schedule,
                             std::uint32_t interval_s) {
  if (interval_s < kIntervalMin_s || interval_s > 86'400 || 86'400 % interval_s != 0)
    return make_error(ErrorCode::kInvalid,
                      fmt::format("an interval of {} s divides no day", interval_s));
  PeriodMap map{period, interval_s, schedule.buckets(), 0, {}};
  for (const LocalDay& day : period.days) {
    const auto& table = schedule.of(day);
    const auto bucket_at = [&](std::int32_t offset_s) {
      const std::int32_t wall_s = day.wall_of(offset_s) % 86'400;
      return table[static_cast<std::size_t>(wall_s / kScheduleStep_s)];
    };
    if (day.length_s % static_cast<std::int32_t>(interval_s) != 0)
      return make_error(ErrorCode::kInvalid,
                        fmt::format("intervals of {} s do not fill the day of {}", interval_s,
                                    to_iso(day.start)));
    for (std::int32_t at = 0; at < day.length_s; at += static_cast<std::int32_t>(interval_s)) {
      const std::uint8_t bucket = bucket_at(at);
      for (std::int32_t in = kScheduleStep_s; in < static_cast<std::int32_t>(interval_s);
           in += kScheduleStep_s) {
        if (bucket_at(at + in) == bucket) continue;
        return make_error(ErrorCode::kInvalid,
                          fmt::format("the price changes at {}, within an interval of {} s",
                                      to_iso(day.start + at + in), interval_s));
      }
      const auto slot = static_cast<std::uint32_t>(map.slots++);
      if (map.runs.empty() || map.runs.back().bucket != bucket)
        map.runs.push_back({slot, slot, bucket});
      map.runs.back().last = slot + 1;
    }
  }
  return map;
}

}  // namespace amity::mdm
