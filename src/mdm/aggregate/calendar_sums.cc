#include "mdm/aggregate/calendar_sums.h"

#include <algorithm>

namespace amity::mdm {
namespace {

// What tells one week or month from the next.
std::int64_t key_of(const LocalDay& day, Span span) {
  if (span == Span::kDay) return day.number;
  if (span == Span::kWeek)
    return (std::int64_t{day.number} + 3 + 7'000'000) / 7;  // 1970-01-01 was a Thursday
  const CivilTime date = civil_from_utc(UtcSeconds(std::int64_t{day.number} * 86'400));
  return std::int64_t{date.year} * 12 + date.month;
}

// The days of the week or month that `day` is in, outwards from it.
void complete(CalendarSum& sum, const DayCalendar& calendar, LocalDay day, Span span,
              std::uint32_t interval_s) {
  const std::int64_t key = key_of(day, span);
  const LocalDay middle = day;
  sum.from = day.start;
  sum.to = day.start + day.length_s;
  sum.expected = static_cast<std::uint32_t>(day.slots(interval_s));
  for (day = calendar.day_at(sum.from - 1); key_of(day, span) == key;
       day = calendar.day_at(sum.from - 1)) {
    sum.from = day.start;
    sum.expected += static_cast<std::uint32_t>(day.slots(interval_s));
  }
  for (day = calendar.day_at(middle.start + middle.length_s); key_of(day, span) == key;
       day = calendar.day_at(sum.to)) {
    sum.to = day.start + day.length_s;
    sum.expected += static_cast<std::uint32_t>(day.slots(interval_s));
  }
}

}  // namespace

Result<std::vector<CalendarSum>> calendar_sums(const IntervalView& view,
                                               const DayCalendar& calendar, Span span) {
  std::vector<CalendarSum> sums;
  for (std::size_t at = 0; at < view.slots();) {
    const LocalDay day = calendar.day_of_end(view.end_of(at));
    const std::int64_t begin = view.end_of(at) - view.interval_s - day.start;
    if (begin < 0 || begin % view.interval_s != 0 ||
        day.length_s % static_cast<std::int32_t>(view.interval_s) != 0)
      return make_error(ErrorCode::kInvalid, "an interval lies across local midnight");
    if (sums.empty() || day.start >= sums.back().to)
      complete(sums.emplace_back(), calendar, day, span, view.interval_s);
    CalendarSum& sum = sums.back();
    const std::size_t last = std::min(
        view.slots(), at + static_cast<std::size_t>(day.length_s - begin) / view.interval_s);
    for (; at < last; ++at) {
      sum.sum += view.value[at];
      ++sum.slots;
      ++sum.by_quality[static_cast<std::size_t>(view.quality[at])];
      sum.worst = std::max(sum.worst, view.quality[at]);
    }
  }
  return sums;
}

}  // namespace amity::mdm
