// The local day: how long it is, which kind, and how its wall clock runs. Offsets are seconds since
// the day's start.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "base/civil.h"

namespace amity::mdm {

struct LocalDay {
  UtcSeconds start;
  std::int32_t number = 0;         // days since 1970 of the civil date
  std::int32_t length_s = 86'400;  // 82,800 and 90,000 on most clock-change days
  std::int32_t change_at_s = -1;   // where the clock is set; -1: not on this day
  std::int32_t change_s = 0;       // +3,600 forward, -3,600 back
  std::uint8_t kind = 0;           // 0 Monday .. 6 Sunday; a holiday counts as a Sunday
  bool holiday = false;
  // Of a part of a day, where a meter came or went: offsets count from its own start, which lies
  // `begin_s` behind the day's.
  bool part = false;
  std::int32_t begin_s = 0;

  std::size_t slots(std::uint32_t interval_s) const {
    return static_cast<std::size_t>(length_s) / interval_s;
  }
  // What the wall clock shows at `offset_s`, as seconds since midnight.
  std::int32_t wall_of(std::int32_t offset_s) const {
    const std::int32_t of_day = begin_s + offset_s;
    return change_at_s >= 0 && of_day >= change_at_s ? of_day + change_s : of_day;
  }
  // Where the wall clock shows `wall_s`: none in a skipped hour, the first time in a repeated one.
  std::optional<std::int32_t> offset_of(std::int32_t wall_s) const;
  UtcSeconds end() const { return start + length_s; }
  // What lies in (from, to] of it; from < to within the day. The day itself where that is all.
  LocalDay between(UtcSeconds from, UtcSeconds to) const;
};

class DayCalendar {
 public:
  // `holidays`: civil dates as days since 1970.
  explicit DayCalendar(TimeZone zone, std::set<std::int32_t> holidays = {})
      : zone_(std::move(zone)), holidays_(std::move(holidays)) {}

  // The day whose intervals include one that ends at `end`: (00:00, 24:00] of the wall clock.
  LocalDay day_of_end(UtcSeconds end) const { return day_at(end - 1); }
  LocalDay day_at(UtcSeconds instant) const;

 private:
  TimeZone zone_;
  std::set<std::int32_t> holidays_;
};

}  // namespace amity::mdm
