#include "wire/dlms/datetime.h"

#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

std::string utc(const char* hex, DeviationSign sign = DeviationSign::kStandard,
                const TimeZone* zone = nullptr) {
  const auto bytes = from_hex(hex);
  const auto value = date_time_from(*bytes);
  if (!value.ok()) return to_string(value.error());
  const auto converted = to_utc(*value, sign, zone);
  if (!converted.ok()) return to_string(converted.error());
  return to_iso(converted->time) + (converted->from_zone ? " zone" : "") +
         (converted->ambiguous ? " ambiguous" : "") + (converted->skipped ? " skipped" : "");
}

TEST(DateTime, DeviationIsAddedToLocalTimeByTheStandard) {
  // A meter in Austria, summer time, deviation -120 minutes: 21:32:35 is 19:32:35 UTC.
  EXPECT_EQ(utc("07E7 04 01 06 15 20 23 00 FF88 80"), "2023-04-01T19:32:35Z");
  // One that uses the other sign sends +120 for the same instant.
  EXPECT_EQ(utc("07E7 04 01 06 15 20 23 00 0078 80", DeviationSign::kInverted),
            "2023-04-01T19:32:35Z");
}

TEST(DateTime, WithoutDeviationTheCallersZoneIsUsed) {
  const auto vienna = TimeZone::find("Europe/Vienna");
  ASSERT_TRUE(vienna.ok());
  EXPECT_EQ(utc("07E1 09 0F 05 05 21 28 FF 8000 00"),
            "invalid: the date-time has no deviation and no time zone was given");
  EXPECT_EQ(utc("07E1 09 0F 05 05 21 28 FF 8000 00", DeviationSign::kStandard, &*vienna),
            "2017-09-15T03:33:40Z zone");
}

TEST(DateTime, RepeatedHourIsChosenByTheDaylightSavingBit) {
  const auto vienna = TimeZone::find("Europe/Vienna");
  const auto sign = DeviationSign::kStandard;
  EXPECT_EQ(utc("07E8 0A 1B 07 02 1E 00 00 8000 80", sign, &*vienna), "2024-10-27T00:30:00Z zone");
  EXPECT_EQ(utc("07E8 0A 1B 07 02 1E 00 00 8000 00", sign, &*vienna), "2024-10-27T01:30:00Z zone");
  EXPECT_EQ(utc("07E8 0A 1B 07 02 1E 00 00 8000 FF", sign, &*vienna),
            "2024-10-27T00:30:00Z zone ambiguous");
  EXPECT_EQ(utc("07E8 03 1F 07 02 1E 00 00 8000 00", sign, &*vienna),
            "2024-03-31T01:30:00Z zone skipped");
}

TEST(DateTime, FromUtcAndBack) {
  const auto vienna = TimeZone::find("Europe/Vienna");
  const UtcSeconds time = *from_iso("2024-07-01T12:34:56Z");
  const DateTime shown = date_time_from_utc(time, *vienna);
  EXPECT_EQ(to_hex(to_bytes(shown)),
            "07E80701010E223800FF8880");  // a Monday, 14:34:56, deviation -120, DST
  EXPECT_EQ(to_string(shown), "2024-07-01 14:34:56 dev -120");
  EXPECT_EQ(to_utc(shown, DeviationSign::kStandard, nullptr)->time, time);
  const DateTime inverted = date_time_from_utc(time, *vienna, DeviationSign::kInverted);
  EXPECT_EQ(inverted.deviation_min, 120);
  EXPECT_EQ(to_utc(inverted, DeviationSign::kInverted, nullptr)->time, time);
  EXPECT_EQ(to_hex(to_bytes(date_time_utc(time))),
            "07E80701010C22380000000"
            "0");
}

TEST(DateTime, WildcardsAreKeptAndHaveNoInstant) {
  const auto every_day = date_time_from("FFFF FF FF FF 00 00 00 00 8000 FF"_hex);
  ASSERT_TRUE(every_day.ok());
  EXPECT_EQ(to_string(*every_day), "*-*-* 00:00:00");
  EXPECT_FALSE(local_seconds(*every_day).ok());
  EXPECT_EQ(to_string(*date_time_from("FFFF FE FE FF 02 FF FF FF 8000 FF"_hex)),
            "*-dst-begin-last 02:*:*");
  EXPECT_EQ(to_string(*date_from("FFFF FF FD FF"_hex)), "*-*-last-1");
}

TEST(DateTime, MidnightAsHour24) {
  EXPECT_EQ(utc("07E8 01 1F FF 18 00 00 00 0000 00"), "2024-02-01T00:00:00Z");
}

TEST(DateTime, ImpossibleFieldsAreRefused) {
  for (const char* hex : {"07E8 0D 01 FF 00 00 00 00 0000 00",  // month 13
                          "07E8 01 20 FF 00 00 00 00 0000 00",  // day 32
                          "07E8 01 01 FF 19 00 00 00 0000 00",  // hour 25
                          "07E8 01 01 FF 00 3C 00 00 0000 00",  // minute 60
                          "07E8 01 01 FF 00 00 00 00 7FFF 00",  // deviation
                          "07E8 01 01 FF 00 00 00 00 0000"}) {  // 11 bytes
    EXPECT_FALSE(date_time_from(*from_hex(hex)).ok()) << hex;
  }
  EXPECT_FALSE(local_seconds(*date_time_from("07E7 02 1D FF 00 00 00 00 0000 00"_hex))
                   .ok());  // 29 February 2023
  EXPECT_FALSE(
      local_seconds(*date_time_from("07E7 02 01 FF 18 01 00 00 0000 00"_hex)).ok());  // 24:01
}

}  // namespace
}  // namespace amity::dlms
