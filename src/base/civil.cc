#include "base/civil.h"

#include <date/tz.h>
#include <fmt/format.h>

namespace amity {
namespace {

date::sys_seconds sys(UtcSeconds time) { return date::sys_seconds(std::chrono::seconds(time.value)); }

CivilTime civil(std::chrono::seconds since_epoch) {
  const auto days = date::floor<date::days>(date::sys_seconds(since_epoch));
  const date::year_month_day ymd(days);
  const date::hh_mm_ss<std::chrono::seconds> hms(date::sys_seconds(since_epoch) - days);
  CivilTime c;
  c.year = static_cast<int>(ymd.year());
  c.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  c.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  c.hour = static_cast<int>(hms.hours().count());
  c.minute = static_cast<int>(hms.minutes().count());
  c.second = static_cast<int>(hms.seconds().count());
  return c;
}

const date::time_zone* zone_of(const void* zone) { return static_cast<const date::time_zone*>(zone); }

}  // namespace

CivilTime civil_from_utc(UtcSeconds time) { return civil(std::chrono::seconds(time.value)); }

UtcSeconds utc_from_civil(int year, int month, int day, int hour, int minute, int second) {
  const date::sys_days days = date::year(year) / month / day;
  return UtcSeconds(std::int64_t{days.time_since_epoch().count()} * 86'400 + hour * 3600 + minute * 60 + second);
}

Result<TimeZone> TimeZone::find(std::string_view name) {
  TimeZone zone;
  zone.name_ = std::string(name);
  if (name == "UTC") return zone;
  try {
    zone.zone_ = date::locate_zone(zone.name_);
  } catch (const std::exception&) {
    return make_error(ErrorCode::kNotFound, "no time zone is named '" + zone.name_ + "'");
  }
  return zone;
}

TimeZone TimeZone::utc() { return {}; }

CivilTime TimeZone::local(UtcSeconds time) const {
  if (zone_ == nullptr) return civil_from_utc(time);
  const date::sys_info info = zone_of(zone_)->get_info(sys(time));
  CivilTime c = civil(std::chrono::seconds(time.value) + info.offset);
  c.utc_offset_s = static_cast<int>(info.offset.count());
  c.daylight_saving = info.save != std::chrono::minutes(0);
  return c;
}

std::vector<UtcSeconds> TimeZone::instants(int year, int month, int day, int hour, int minute, int second) const {
  const UtcSeconds as_utc = utc_from_civil(year, month, day, hour, minute, second);
  if (zone_ == nullptr) return {as_utc};
  const date::local_info info = zone_of(zone_)->get_info(date::local_seconds(std::chrono::seconds(as_utc.value)));
  if (info.result == date::local_info::nonexistent) return {};
  std::vector<UtcSeconds> found{as_utc - info.first.offset.count()};
  if (info.result == date::local_info::ambiguous) found.push_back(as_utc - info.second.offset.count());
  return found;
}

UtcSeconds TimeZone::start_of_day(UtcSeconds time) const {
  const CivilTime c = local(time);
  // Where midnight does not exist (clocks forward at 00:00), the day starts at its first instant.
  for (int minute = 0; minute < 24 * 60; minute += 15) {
    const auto found = instants(c.year, c.month, c.day, minute / 60, minute % 60, 0);
    if (!found.empty()) return found.front();
  }
  return time;
}

std::string TimeZone::to_iso_local(UtcSeconds time) const {
  const CivilTime c = local(time);
  const int offset_min = c.utc_offset_s / 60;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute,
                     c.second, offset_min < 0 ? '-' : '+', std::abs(offset_min) / 60, std::abs(offset_min) % 60);
}

}  // namespace amity
