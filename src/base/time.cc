#include "base/time.h"

#include <fmt/format.h>

#include "base/civil.h"

namespace amity {
namespace {

// Reads exactly `digits` decimal digits at `at`; -1 where there are none.
int number(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  int v = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    v = v * 10 + (text[i] - '0');
  }
  return v;
}

Error bad_time(std::string_view text, std::size_t at, const char* wanted) {
  return make_error(ErrorCode::kMalformed, fmt::format("'{}' is no time: {}", text, wanted), at);
}

bool valid_date(int year, int month, int day) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[month - 1] + (leap && month == 2 ? 1 : 0);
}

// "Z", "+01:00", "+0100", or nothing; seconds east of Greenwich.
Result<int> offset_from(std::string_view text, std::size_t at) {
  const std::string_view zone = text.substr(at);
  if (zone.empty() || zone == "Z" || zone == "z") return 0;
  if (zone[0] != '+' && zone[0] != '-') return bad_time(text, at, "Z or an offset expected");
  const int hours = number(zone, 1, 2);
  const std::size_t minutes_at = zone.size() > 3 && zone[3] == ':' ? 4 : 3;
  const int minutes = zone.size() == 3 ? 0 : number(zone, minutes_at, 2);
  const bool whole = zone.size() == 3 || zone.size() == minutes_at + 2;
  if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59 || !whole) {
    return bad_time(text, at, "offset as +hh:mm expected");
  }
  return (zone[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

std::string to_iso(UtcSeconds time) {
  const CivilTime c = civil_from_utc(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

Result<UtcSeconds> from_iso(std::string_view text) {
  const int year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
  if (year < 0 || month < 0 || day < 0 || text[4] != '-' || text[7] != '-' || !valid_date(year, month, day)) {
    return bad_time(text, 0, "a date as YYYY-MM-DD expected");
  }
  if (text.size() == 10) return utc_from_civil(year, month, day, 0, 0, 0);
  if (text[10] != 'T' && text[10] != ' ') return bad_time(text, 10, "'T' or a blank expected");
  const int hour = number(text, 11, 2), minute = number(text, 14, 2);
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || text[13] != ':') {
    return bad_time(text, 11, "a time as hh:mm or hh:mm:ss expected");
  }
  std::size_t at = 16;
  int second = 0;
  if (at < text.size() && text[at] == ':') {
    second = number(text, at + 1, 2);
    if (second < 0 || second > 60) return bad_time(text, at, "seconds expected");
    at += 3;
  }
  AMITY_TRY(const int offset, offset_from(text, at));
  return utc_from_civil(year, month, day, hour, minute, second) - offset;
}

}  // namespace amity
