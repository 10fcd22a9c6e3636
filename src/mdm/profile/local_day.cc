#include "mdm/profile/local_day.h"

#include <algorithm>

namespace amity::mdm {

std::optional<std::int32_t> LocalDay::offset_of(std::int32_t wall_s) const {
  std::int32_t of_day = wall_s;
  if (change_at_s >= 0 && wall_s >= change_at_s) {
    of_day = wall_s - change_s;
    if (of_day < change_at_s) return std::nullopt;
  }
  const std::int32_t offset = of_day - begin_s;
  return offset >= 0 && offset < length_s ? std::optional(offset) : std::nullopt;
}

LocalDay LocalDay::between(UtcSeconds from, UtcSeconds to) const {
  LocalDay cut = *this;
  if (from <= start && to >= end()) return cut;
  cut.start = std::max(from, start);
  cut.length_s = static_cast<std::int32_t>(std::min(to, end()) - cut.start);
  cut.begin_s = begin_s + static_cast<std::int32_t>(cut.start - start);
  cut.part = true;
  return cut;
}

LocalDay DayCalendar::day_at(UtcSeconds instant) const {
  LocalDay day;
  day.start = zone_.start_of_day(instant);
  const CivilTime first = zone_.local(day.start);
  const UtcSeconds midnight = utc_from_civil(first.year, first.month, first.day, 0, 0, 0);
  day.number =
      static_cast<std::int32_t>(midnight.value / 86'400 - (midnight.value % 86'400 < 0 ? 1 : 0));
  // 30 hours on is the next day, whatever the clock does.
  const UtcSeconds next = zone_.start_of_day(day.start + 30 * 3'600);
  day.length_s = static_cast<std::int32_t>(next - day.start);
  day.holiday = holidays_.contains(day.number);
  const std::int32_t weekday = ((day.number + 3) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
  day.kind = static_cast<std::uint8_t>(day.holiday ? 6 : weekday);
  const std::int32_t last_offset_s = zone_.local(next - 1).utc_offset_s;
  if (last_offset_s == first.utc_offset_s) return day;
  std::int32_t before = 0, after = day.length_s - 1;
  while (after - before > 1) {
    const std::int32_t middle = before + (after - before) / 2;
    (zone_.local(day.start + middle).utc_offset_s == first.utc_offset_s ? before : after) = middle;
  }
  day.change_at_s = after;
  day.change_s = last_offset_s - first.utc_offset_s;
  return day;
}

}  // namespace amity::mdm
