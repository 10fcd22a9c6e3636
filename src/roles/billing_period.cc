#include "roles/billing_period.h"

#include <algorithm>

namespace amity::roles {
namespace {

std::int32_t date(int year, int month, int day) {
  if (month > 12) ++year, month -= 12;
  if (month < 1) --year, month += 12;
  return static_cast<std::int32_t>(utc_from_civil(year, month, day, 0, 0, 0).value / 86'400);
}

}  // namespace

DayRange billing_period(const BillingAccount& account, std::int32_t day) {
  DayRange range;
  if (account.cycle == BillingCycle::kWeek) {
    const std::int32_t weekday = ((day + 3) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
    range.first = day - (weekday - (account.bill_day - 1) + 7) % 7;
    range.last = range.first + 6;
  } else {
    const CivilTime civil = civil_from_utc(UtcSeconds(std::int64_t{day} * 86'400));
    const int month = civil.day >= account.bill_day ? civil.month : civil.month - 1;
    range.first = date(civil.year, month, account.bill_day);
    range.last = date(civil.year, month + 1, account.bill_day) - 1;
  }
  range.first = std::max(range.first, account.opened);
  if (account.closed) range.last = std::min(range.last, *account.closed);
  return range;
}

UtcSeconds start_of_date(const TimeZone& zone, std::int32_t day) {
  const CivilTime civil = civil_from_utc(UtcSeconds(std::int64_t{day} * 86'400));
  // Noon is on every day, midnight is not.
  const auto noon = zone.instants(civil.year, civil.month, civil.day, 12, 0, 0);
  return zone.start_of_day(noon.empty() ? UtcSeconds(std::int64_t{day} * 86'400 + 43'200)
                                        : noon.front());
}

}  // namespace amity::roles
