#include "headend/local_time.h"

#include "headend/limits.h"

namespace amity::headend {

namespace {

using Precision = wire::MeterTime::Precision;

constexpr int days_of(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

bool exists(const wire::MeterTime& t) {
  return t.year >= 1970 && t.month >= 1 && t.month <= 12 && t.day >= 1 &&
         t.day <= days_of(t.year, t.month) && t.hour <= 24 && t.minute <= 59 && t.second <= 59;
}

// "24:00" and the end of a day are 00:00 of the next.
UtcSeconds shown_by(const wire::MeterTime& t) {
  const bool day = t.precision == Precision::kDay;
  return utc_from_civil(t.year, t.month, t.day, day ? 24 : t.hour, day ? 0 : t.minute,
                        t.precision == Precision::kSecond ? t.second : 0);
}

std::vector<UtcSeconds> instants_of(const wire::MeterTime& t, const TimeZone& zone) {
  const CivilTime c = civil_from_utc(shown_by(t));
  return zone.instants(c.year, c.month, c.day, c.hour, c.minute, c.second);
}

}  // namespace

std::optional<UtcSeconds> utc_of(const wire::MeterTime& time, const TimeZone& zone,
                                 UtcSeconds not_after) {
  if (time.precision == Precision::kNone || !exists(time)) return std::nullopt;
  if (time.utc_offset_minutes) return shown_by(time) - std::int64_t{*time.utc_offset_minutes} * 60;
  const auto instants = instants_of(time, zone);
  if (instants.empty()) return std::nullopt;
  const bool standard = !time.daylight_saving && instants.back() <= not_after + kClockAhead_s;
  return standard ? instants.back() : instants.front();
}

std::optional<UtcSeconds> other_hour(const wire::MeterTime& time, const TimeZone& zone) {
  const bool said = time.utc_offset_minutes || time.daylight_saving;
  if (said || time.precision == Precision::kNone || !exists(time)) return std::nullopt;
  const auto instants = instants_of(time, zone);
  return instants.size() == 2 ? std::optional<UtcSeconds>(instants.front()) : std::nullopt;
}

void pin_offset(std::vector<wire::Reading>& rows, const TimeZone& zone, UtcSeconds not_after,
                Anchor anchor) {
  const wire::MeterTime* at = nullptr;
  for (const wire::Reading& row : rows) {
    if (row.time.precision == Precision::kNone || !exists(row.time)) continue;
    const bool newer = at != nullptr && shown_by(row.time) > shown_by(*at);
    const bool older = at != nullptr && shown_by(row.time) < shown_by(*at);
    if (at == nullptr || (anchor == Anchor::kNewest ? newer : older)) at = &row.time;
  }
  const auto instant = at == nullptr ? std::nullopt : utc_of(*at, zone, not_after);
  if (!instant) return;
  const auto offset = static_cast<std::int16_t>((shown_by(*at) - *instant) / 60);
  for (wire::Reading& row : rows) row.time.utc_offset_minutes = offset;
}

wire::MeterTime meter_time(UtcSeconds time, const TimeZone& zone) {
  const CivilTime c = zone.local(time);
  wire::MeterTime out = wire::to_meter_time(c);
  out.daylight_saving = c.daylight_saving;
  out.utc_offset_minutes = static_cast<std::int16_t>(c.utc_offset_s / 60);
  return out;
}

}  // namespace amity::headend
