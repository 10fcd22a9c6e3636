// COSEM date-time (12 bytes), date (5) and time (4), IEC 62056-6-2 clause 4.1.6. Fields may be
// wildcards.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/civil.h"
#include "base/time.h"

namespace amity::dlms {

inline constexpr std::uint16_t kAnyYear = 0xFFFF;
inline constexpr std::uint8_t kAny = 0xFF;  // not specified
inline constexpr std::uint8_t kDaylightSavingEnd = 0xFD, kDaylightSavingBegin = 0xFE;  // month
inline constexpr std::uint8_t kSecondLastDayOfMonth = 0xFD, kLastDayOfMonth = 0xFE;    // day
inline constexpr std::int16_t kAnyDeviation = -32768;                                  // 0x8000

struct Date {
  static constexpr std::size_t kSize = 5;
  std::uint16_t year = kAnyYear;
  std::uint8_t month = kAny, day = kAny, weekday = kAny;  // weekday 1 = Monday
  friend bool operator==(const Date&, const Date&) = default;
};

struct Time {
  static constexpr std::size_t kSize = 4;
  std::uint8_t hour = kAny, minute = kAny, second = kAny, hundredths = kAny;
  friend bool operator==(const Time&, const Time&) = default;
};

// Bits of the clock status byte; 0xFF as a whole means not specified.
enum ClockStatus : std::uint8_t {
  kClockInvalid = 0x01,
  kClockDoubtful = 0x02,
  kClockDifferentBase = 0x04,
  kClockStatusInvalid = 0x08,
  kClockDaylightSaving = 0x80,
};

struct DateTime {
  static constexpr std::size_t kSize = 12;
  Date date;
  Time time;
  std::int16_t deviation_min =
      kAnyDeviation;  // as sent; local time + deviation = UTC by the standard
  std::uint8_t status = kAny;

  bool status_known() const { return status != kAny; }
  bool daylight_saving() const { return status_known() && (status & kClockDaylightSaving) != 0; }
  friend bool operator==(const DateTime&, const DateTime&) = default;
};

// Many meters send the deviation with the opposite sign (UTC + deviation = local).
enum class DeviationSign : std::uint8_t { kStandard, kInverted };

Result<Date> date_from(ByteView five_bytes);
Result<Time> time_from(ByteView four_bytes);
Result<DateTime> date_time_from(ByteView twelve_bytes);
void encode(const Date& value, Bytes& out);
void encode(const Time& value, Bytes& out);
void encode(const DateTime& value, Bytes& out);
std::array<std::uint8_t, DateTime::kSize> to_bytes(const DateTime& value);

// The wall clock fields as if they were UTC seconds. Fails where date, hour or minute is a
// wildcard; an unspecified second counts as 0.
Result<UtcSeconds> local_seconds(const DateTime& value);

struct UtcConversion {
  UtcSeconds time;
  bool from_zone = false;  // the deviation was not specified, the caller's zone was used
  bool ambiguous =
      false;  // repeated hour and no daylight saving bit to choose by: the earlier one was taken
  bool skipped =
      false;  // the wall clock never showed this; taken with the offset valid before the jump
};

// With an unspecified deviation the caller's zone is used (null: an error).
Result<UtcConversion> to_utc(const DateTime& value, DeviationSign sign, const TimeZone* zone);

// As a meter in `zone` would show it: weekday, deviation and daylight saving bit filled in.
DateTime date_time_from_utc(UtcSeconds time, const TimeZone& zone,
                            DeviationSign sign = DeviationSign::kStandard);
DateTime date_time_utc(UtcSeconds time);

// "2026-03-12 15:24:30", "*" for wildcards, with ".50" hundredths and " dev -120" where specified.
std::string to_string(const DateTime& value);
std::string to_string(const Date& value);
std::string to_string(const Time& value);

}  // namespace amity::dlms
