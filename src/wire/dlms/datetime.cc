#include "wire/dlms/datetime.h"

#include <fmt/format.h>

namespace amity::dlms {
namespace {

Error wrong_size(const char* what, std::size_t wanted, std::size_t got) {
  return make_error(ErrorCode::kMalformed, std::string(what) + " has " + std::to_string(wanted) +
                                               " bytes, not " + std::to_string(got));
}

bool in_range(std::uint8_t v, int low, int high) {
  return v >= low && v <= high;
}

int days_in_month(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

Status check_date(const Date& d) {
  const auto bad = [](const char* what, int value) {
    return make_error(ErrorCode::kMalformed,
                      std::string(what) + " " + std::to_string(value) + " in a date");
  };
  if (!in_range(d.month, 1, 12) && d.month != kAny && d.month < kDaylightSavingEnd)
    return bad("month", d.month);
  if (!in_range(d.day, 1, 31) && d.day != kAny && d.day < 0xE0) return bad("day", d.day);
  if (!in_range(d.weekday, 0, 7) && d.weekday != kAny) return bad("weekday", d.weekday);
  return {};
}

Status check_time(const Time& t) {
  const auto bad = [](const char* what, int value) {
    return make_error(ErrorCode::kMalformed,
                      std::string(what) + " " + std::to_string(value) + " in a time");
  };
  if (!in_range(t.hour, 0, 24) && t.hour != kAny) return bad("hour", t.hour);
  if (!in_range(t.minute, 0, 59) && t.minute != kAny) return bad("minute", t.minute);
  if (!in_range(t.second, 0, 59) && t.second != kAny) return bad("second", t.second);
  if (!in_range(t.hundredths, 0, 99) && t.hundredths != kAny)
    return bad("hundredths", t.hundredths);
  return {};
}

std::string field(int value, bool any, int width) {
  if (any) return "*";
  return fmt::format("{:0{}}", value, width);
}

}  // namespace

Result<Date> date_from(ByteView b) {
  if (b.size() != Date::kSize) return wrong_size("a date", Date::kSize, b.size());
  const Date date{static_cast<std::uint16_t>(b[0] << 8 | b[1]), b[2], b[3], b[4]};
  AMITY_CHECK(check_date(date));
  return date;
}

Result<Time> time_from(ByteView b) {
  if (b.size() != Time::kSize) return wrong_size("a time", Time::kSize, b.size());
  const Time time{b[0], b[1], b[2], b[3]};
  AMITY_CHECK(check_time(time));
  return time;
}

Result<DateTime> date_time_from(ByteView b) {
  if (b.size() != DateTime::kSize) return wrong_size("a date-time", DateTime::kSize, b.size());
  DateTime value;
  AMITY_TRY(value.date, date_from(b.first(Date::kSize)));
  AMITY_TRY(value.time, time_from(b.subspan(Date::kSize, Time::kSize)));
  value.deviation_min = static_cast<std::int16_t>(b[9] << 8 | b[10]);
  if (value.deviation_min != kAnyDeviation &&
      (value.deviation_min < -840 || value.deviation_min > 840)) {
    return make_error(ErrorCode::kMalformed,
                      "deviation of " + std::to_string(value.deviation_min) + " minutes", 9);
  }
  value.status = b[11];
  return value;
}

std::array<std::uint8_t, DateTime::kSize> to_bytes(const DateTime& v) {
  const auto deviation = static_cast<std::uint16_t>(v.deviation_min);
  return {static_cast<std::uint8_t>(v.date.year >> 8),
          static_cast<std::uint8_t>(v.date.year),
          v.date.month,
          v.date.day,
          v.date.weekday,
          v.time.hour,
          v.time.minute,
          v.time.second,
          v.time.hundredths,
          static_cast<std::uint8_t>(deviation >> 8),
          static_cast<std::uint8_t>(deviation),
          v.status};
}

void encode(const Date& v, Bytes& out) {
  ByteWriter w(out);
  w.u16(v.year);
  for (std::uint8_t b : {v.month, v.day, v.weekday}) w.u8(b);
}

void encode(const Time& v, Bytes& out) {
  for (std::uint8_t b : {v.hour, v.minute, v.second, v.hundredths}) out.push_back(b);
}

void encode(const DateTime& v, Bytes& out) {
  append(out, to_bytes(v));
}

Result<UtcSeconds> local_seconds(const DateTime& v) {
  const Date& d = v.date;
  const Time& t = v.time;
  if (d.year == kAnyYear || !in_range(d.month, 1, 12) || !in_range(d.day, 1, 31) ||
      !in_range(t.hour, 0, 24) || t.minute == kAny) {
    return make_error(ErrorCode::kMalformed, "the date-time has wildcards: " + to_string(v));
  }
  if (d.year < 1970 || d.year > 9999 || d.day > days_in_month(d.year, d.month)) {
    return make_error(ErrorCode::kMalformed, "there is no such day: " + to_string(v));
  }
  const int second = t.second == kAny ? 0 : t.second;
  if (t.hour == 24 && (t.minute != 0 || second != 0)) {
    return make_error(ErrorCode::kMalformed, "there is no such time: " + to_string(v));
  }
  return utc_from_civil(d.year, d.month, d.day, 0, 0, 0) + (t.hour * 3600 + t.minute * 60 + second);
}

Result<UtcConversion> to_utc(const DateTime& v, DeviationSign sign, const TimeZone* zone) {
  AMITY_TRY(const UtcSeconds local, local_seconds(v));
  UtcConversion out;
  if (v.deviation_min != kAnyDeviation) {
    const std::int64_t shift = v.deviation_min * std::int64_t{60};
    out.time = sign == DeviationSign::kStandard ? local + shift : local - shift;
    return out;
  }
  if (zone == nullptr) {
    return make_error(ErrorCode::kInvalid,
                      "the date-time has no deviation and no time zone was given");
  }
  out.from_zone = true;
  const CivilTime c = civil_from_utc(local);
  const auto instants = zone->instants(c.year, c.month, c.day, c.hour, c.minute, c.second);
  if (instants.empty()) {
    out.skipped = true;
    out.time = local - zone->local(local - std::int64_t{86'400}).utc_offset_s;
    return out;
  }
  out.time = instants.front();
  if (instants.size() < 2) return out;
  if (!v.status_known()) {
    out.ambiguous = true;
    return out;
  }
  for (UtcSeconds instant : instants) {
    if (zone->local(instant).daylight_saving == v.daylight_saving()) out.time = instant;
  }
  return out;
}

DateTime date_time_from_utc(UtcSeconds time, const TimeZone& zone, DeviationSign sign) {
  const CivilTime c = zone.local(time);
  const std::int64_t local = time.value + c.utc_offset_s;
  const std::int64_t days = local >= 0 ? local / 86'400 : -((-local + 86'399) / 86'400);
  DateTime v;
  v.date = {static_cast<std::uint16_t>(c.year), static_cast<std::uint8_t>(c.month),
            static_cast<std::uint8_t>(c.day),
            static_cast<std::uint8_t>((days % 7 + 7 + 3) % 7 + 1)};
  v.time = {static_cast<std::uint8_t>(c.hour), static_cast<std::uint8_t>(c.minute),
            static_cast<std::uint8_t>(c.second), 0};
  const int east_min = c.utc_offset_s / 60;
  v.deviation_min =
      static_cast<std::int16_t>(sign == DeviationSign::kStandard ? -east_min : east_min);
  v.status = c.daylight_saving ? kClockDaylightSaving : 0;
  return v;
}

DateTime date_time_utc(UtcSeconds time) {
  return date_time_from_utc(time, TimeZone::utc());
}

std::string to_string(const Date& v) {
  const auto special = [](std::uint8_t x, std::uint8_t from) { return x >= from && x != kAny; };
  std::string text = field(v.year, v.year == kAnyYear, 4) + '-';
  if (special(v.month, kDaylightSavingEnd)) {
    text += v.month == kDaylightSavingEnd ? "dst-end" : "dst-begin";
  } else {
    text += field(v.month, v.month == kAny, 2);
  }
  text += '-';
  if (special(v.day, 0xE0)) {
    text += v.day == kLastDayOfMonth ? "last" : "last" + std::to_string(v.day - kLastDayOfMonth);
  } else {
    text += field(v.day, v.day == kAny, 2);
  }
  return text;
}

std::string to_string(const Time& v) {
  std::string text = field(v.hour, v.hour == kAny, 2) + ':' + field(v.minute, v.minute == kAny, 2) +
                     ':' + field(v.second, v.second == kAny, 2);
  if (v.hundredths != kAny && v.hundredths != 0) text += '.' + field(v.hundredths, false, 2);
  return text;
}

std::string to_string(const DateTime& v) {
  std::string text = to_string(v.date) + ' ' + to_string(v.time);
  if (v.deviation_min != kAnyDeviation) text += " dev " + std::to_string(v.deviation_min);
  if (v.status_known() && (v.status & kClockInvalid) != 0) text += " invalid";
  return text;
}

}  // namespace amity::dlms
