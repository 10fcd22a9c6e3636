#include "wire/mbus/date.h"

namespace amity::mbus {
namespace {

using wire::MeterTime;

constexpr int kEveryYear = 127;

bool is_day(const MeterTime& time) {
  return time.day != 0 && time.month >= 1 && time.month <= 12;
}

// Day, month and year of types G, F and I: two bytes, YYYDDDDD YYYYMMMM. Returns the year's bits.
int set_date(std::uint8_t low, std::uint8_t high, MeterTime& time) {
  time.day = low & 0x1F;
  time.month = high & 0x0F;
  const int year = low >> 5 | (high & 0xF0) >> 1;
  time.year = static_cast<std::int16_t>(year <= 80 ? 2000 + year : 1900 + year);
  return year;
}

void put_date(const MeterTime& time, Bytes& out) {
  const int year = time.year % 100;
  out.push_back(static_cast<std::uint8_t>(time.day | (year & 7) << 5));
  out.push_back(static_cast<std::uint8_t>(time.month | (year & 0x78) << 1));
}

}  // namespace

std::optional<MeterDate> date_g(ByteView b) {
  MeterDate date;
  date.time.precision = MeterTime::Precision::kDay;
  const int year = set_date(b[0], b[1], date.time);
  date.every_year = year == kEveryYear;
  if (!is_day(date.time) || (year > 99 && !date.every_year)) return std::nullopt;
  return date;
}

std::optional<MeterDate> date_time_f(ByteView b) {
  MeterDate date;
  MeterTime& time = date.time;
  time.precision = MeterTime::Precision::kMinute;
  time.minute = b[0] & 0x3F;
  time.hour = b[1] & 0x1F;
  time.daylight_saving = (b[1] & 0x80) != 0;
  date.valid = (b[0] & 0x80) == 0;
  const int year = set_date(b[2], b[3], time);
  if (!is_day(time) || year > 99 || time.minute > 59 || time.hour > 23) return std::nullopt;
  // Bits 5 and 6 of the hours are the hundreds of years since 1900; meters that do not know them
  // send 0, and mean this century.
  const int hundreds = b[1] >> 5 & 3;
  if (hundreds != 0) time.year = static_cast<std::int16_t>(1900 + 100 * hundreds + year);
  return date;
}

std::optional<MeterDate> date_time_i(ByteView b) {
  MeterDate date;
  MeterTime& time = date.time;
  time.precision = MeterTime::Precision::kSecond;
  time.second = b[0] & 0x3F;
  time.daylight_saving = (b[0] & 0x40) != 0;
  time.minute = b[1] & 0x3F;
  time.hour = b[2] & 0x1F;
  date.valid = (b[1] & 0x80) == 0;
  const int year = set_date(b[3], b[4], time);
  if (!is_day(time) || year > 99 || time.second > 59 || time.minute > 59 || time.hour > 23)
    return std::nullopt;
  return date;
}

std::optional<std::string> time_j(ByteView b) {
  const unsigned second = b[0] & 0x3F, minute = b[1] & 0x3F, hour = b[2] & 0x1F;
  if (second > 59 || minute > 59 || hour > 23) return std::nullopt;
  std::string text;
  for (const unsigned part : {hour, minute, second}) {
    if (!text.empty()) text += ':';
    text += static_cast<char>('0' + part / 10);
    text += static_cast<char>('0' + part % 10);
  }
  return text;
}

void append_date_g(const MeterTime& time, Bytes& out) {
  put_date(time, out);
}

void append_date_time_f(const MeterTime& time, Bytes& out) {
  out.push_back(time.minute);
  const int hundreds = time.year >= 2000 ? 1 : 0;
  out.push_back(
      static_cast<std::uint8_t>(time.hour | hundreds << 5 | (time.daylight_saving ? 0x80 : 0)));
  put_date(time, out);
}

void append_date_time_i(const MeterTime& time, Bytes& out) {
  out.push_back(static_cast<std::uint8_t>(time.second | (time.daylight_saving ? 0x40 : 0)));
  out.push_back(time.minute);
  out.push_back(time.hour);
  put_date(time, out);
  out.push_back(0);  // week of year: not specified
}

}  // namespace amity::mbus
