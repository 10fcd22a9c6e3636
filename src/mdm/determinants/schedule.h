// When which price applies: seasons by date, days by weekday or holiday, hours by the wall clock.
// Compiled to a table, so that an interval's bucket is one look-up.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "mdm/determinants/limits.h"
#include "mdm/profile/local_day.h"

namespace amity::mdm {

struct MonthDay {
  int month = 1, day = 1;
  friend auto operator<=>(const MonthDay&, const MonthDay&) = default;
};

struct Season {
  std::string name;
  MonthDay from, to;  // both included; from > to goes over the new year
};

inline constexpr std::uint8_t kWeekdaysMask = 0b0001'1111, kWeekendMask = 0b0110'0000;
inline constexpr std::uint8_t kHolidayMask = 0b1000'0000;
inline constexpr std::size_t kDayKinds = 8;  // Monday .. Sunday, holiday

struct ScheduleRule {
  int season = -1;             // index, -1: any
  std::uint8_t days = 0xFF;    // bit 0 Monday .. bit 6 Sunday, bit 7 holiday
  std::int32_t from_s = 0;     // of the wall clock, whole quarter hours
  std::int32_t to_s = 86'400;  // not included; from >= to goes over midnight
  std::uint8_t bucket = 0;
};

class Schedule {
 public:
  // The first rule that fits counts. Where no rule names holidays, they are Sundays. kInvalid with
  // the first time that no rule covers.
  static Result<Schedule> make(const std::vector<Season>& seasons,
                               const std::vector<ScheduleRule>& rules, std::size_t buckets);

  std::size_t buckets() const { return buckets_; }
  // The buckets of a day's quarter hours.
  const std::array<std::uint8_t, kScheduleSteps>& of(const LocalDay& day) const;

 private:
  using DayTable = std::array<std::uint8_t, kScheduleSteps>;
  std::size_t buckets_ = 1;
  std::vector<std::array<DayTable, kDayKinds>> seasons_;  // the last: dates of no season
  std::array<std::uint8_t, 12 * 31> season_of_{};         // [month - 1][day - 1]
};

}  // namespace amity::mdm
