// From what a frame says to readings of channels: one line per reading, as an engineer would check
// it.
#include "headend/report_intake.h"

#include <gtest/gtest.h>

#include "driver/embedded_models.h"
#include "headend/fakes.h"
#include "headend/local_time.h"

namespace amity::headend {
namespace {

using Precision = wire::MeterTime::Precision;

wire::MeterTime wall(int month, int day, int hour, int minute, bool summer = false) {
  wire::MeterTime t;
  t.year = 2026;
  t.month = static_cast<std::uint8_t>(month);
  t.day = static_cast<std::uint8_t>(day);
  t.hour = static_cast<std::uint8_t>(hour);
  t.minute = static_cast<std::uint8_t>(minute);
  t.precision = Precision::kMinute;
  t.daylight_saving = summer;
  return t;
}

struct ReportIntakeTest : ::testing::Test {
  FakeRegistry registry;
  driver::ModelSet models;
  TimeZone madrid = TimeZone::find("Europe/Madrid").value();
  ReportIntake intake{registry, models, madrid, "push"};
  UtcSeconds now = from_iso("2026-11-21T10:00:00Z").value();

  DeviceId add(std::uint32_t id, std::string serial, std::string maker, std::string protocol) {
    Device device;
    device.id = DeviceId(id);
    device.serial = std::move(serial);
    device.manufacturer = std::move(maker);
    device.protocol = std::move(protocol);
    registry.device_map[id] = device;
    return device.id;
  }
  static wire::Report report(std::string id) {
    wire::Report r;
    r.protocol = "wmbus";
    r.meter.id = std::move(id);
    r.meter.manufacturer = "KAM";
    r.meter.medium = "water";
    r.meter.version = "27";
    return r;
  }
  static void value(wire::Report& r, std::string_view quantity, std::string_view unit, Decimal v,
                    std::string_view kind = "", wire::MeterTime time = {}) {
    wire::Reading reading;
    reading.quantity = quantity;
    reading.unit = unit;
    reading.value = v;
    reading.kind = kind;
    reading.time = time;
    r.readings.push_back(reading);
  }
  std::string text(const Taken& taken) {
    std::string out;
    for (const Reading& r : taken.readings.readings) {
      const Channel& c = registry.channel_list[r.channel.value - 1];
      out += to_iso(r.time) + " " + c.name + " " + to_string(Decimal{r.value, c.exponent}) + " " +
             std::string(symbol(c.unit)) + (c.interval_s != 0 ? " per " : "") +
             (c.interval_s != 0 ? std::to_string(c.interval_s) + " s" : "") +
             (r.quality.bits != 0 ? " " + to_string(r.quality) : "") + "\n";
    }
    for (const Event& e : taken.events.events)
      out += to_iso(e.time) + " " + std::string(to_string(e.severity)) + ": " + e.text + "\n";
    for (const std::string& left : taken.left) out += "left: " + left + "\n";
    return out;
  }
};

TEST_F(ReportIntakeTest, MakesChannelsOnFirstSight) {
  const DeviceId device = add(1, "12345678", "KAM", "wmbus");
  wire::Report r = report("12345678");
  value(r, "volume", "m3", {12345, -3}, "total");
  value(r, "flow temperature", "degC", {215, -1}, "instantaneous", wall(11, 21, 10, 45));
  value(r, "volume", "m3", {12000, -3}, "total", wall(10, 31, 0, 0));
  r.readings.back().storage = 1;
  r.readings.back().time.precision = Precision::kDay;
  wire::Reading odd;
  odd.value = std::string("?");
  r.readings.push_back(odd);
  EXPECT_EQ(text(intake.take_report(device, r, now).value()),
            "2026-11-21T10:00:00Z volume 12.345 m3\n"
            "2026-11-21T09:45:00Z flow_temperature 21.5 degC\n"
            "2026-10-31T23:00:00Z volume_s1 12.000 m3\n"
            "left: unnamed value: no channel\n");
  ASSERT_EQ(registry.channel_list.size(), 3u);
  EXPECT_EQ(registry.channel_list[0].kind, ChannelKind::kRegister);
  EXPECT_EQ(registry.channel_list[0].source, "wmbus:volume");
  (void)intake.take_report(device, r, now + 60);
  EXPECT_EQ(registry.channel_list.size(), 3u);
}

TEST_F(ReportIntakeTest, AnotherResolutionIsConvertedExactlyOrRefusedOnce) {
  const DeviceId device = add(1, "12345678", "KAM", "wmbus");
  wire::Report r = report("12345678");
  value(r, "volume", "m3", {12345, -3});
  (void)intake.take_report(device, r, now);
  r.readings[0].value = Decimal{1235, -2};
  EXPECT_EQ(text(intake.take_report(device, r, now + 60).value()),
            "2026-11-21T10:01:00Z volume 12.350 m3\n");
  r.readings[0].value = Decimal{123567, -4};
  EXPECT_EQ(
      text(intake.take_report(device, r, now + 120).value()),
      "2026-11-21T10:02:00Z medium: meter does not fit its channels: volume: digits would be lost\n"
      "left: volume: digits would be lost\n");
  EXPECT_EQ(text(intake.take_report(device, r, now + 180).value()),
            "left: volume: digits would be lost\n");
}

TEST_F(ReportIntakeTest, IntervalsKeepTheRepeatedHourApart) {
  const DeviceId device = add(1, "77", "", "c1222");
  wire::Report r = report("77");
  r.protocol = "c1222";
  // Without a flag: the wall clock shows 02:00 to 02:45 twice.
  int v = 0;
  for (const int pass : {0, 1}) {
    for (const int minute : {0, 30})
      value(r, "active energy import", "Wh", {100 + pass * 10 + ++v, 0}, "interval",
            wall(10, 25, 2, minute));
  }
  TakeOptions options;
  options.interval_s = 1'800;
  EXPECT_EQ(text(intake.take_report(device, r, now, options).value()),
            "2026-10-25T00:00:00Z import 101 Wh per 1800 s\n"
            "2026-10-25T00:30:00Z import 102 Wh per 1800 s\n"
            "2026-10-25T01:00:00Z import 113 Wh per 1800 s\n"
            "2026-10-25T01:30:00Z import 114 Wh per 1800 s\n");
  r.readings.clear();
  value(r, "active energy import", "Wh", {7, 0}, "interval", wall(10, 25, 2, 15, true));
  value(r, "active energy import", "Wh", {8, 0}, "interval", wall(3, 29, 2, 15));
  EXPECT_EQ(text(intake.take_report(device, r, now, options).value()),
            "2026-10-25T00:15:00Z import 7 Wh per 1800 s daylight_saving\n"
            "left: import: no such time 2026-03-29T02:15\n");
}

TEST_F(ReportIntakeTest, AConditionIsAnEventWhenItBegins) {
  const DeviceId device = add(1, "12345678", "KAM", "wmbus");
  wire::Report r = report("12345678");
  r.events.push_back({4, "low battery", {}, "status"});
  wire::Event failure{0, "long power failure", wall(11, 1, 12, 0), "0-0:99.97.0"};
  r.events.push_back(failure);
  EXPECT_EQ(text(intake.take_report(device, r, now).value()),
            "2026-11-21T10:00:00Z low: low battery\n"
            "2026-11-01T11:00:00Z low: long power failure\n");
  EXPECT_EQ(text(intake.take_report(device, r, now + 60).value()), "");
  wire::Report well = report("12345678");
  (void)intake.take_report(device, well, now + 120);
  EXPECT_EQ(text(intake.take_report(device, r, now + 180).value()),
            "2026-11-21T10:03:00Z low: low battery\n");
}

TEST_F(ReportIntakeTest, AFailedMacTakesNothing) {
  const DeviceId device = add(1, "12345678", "KAM", "wmbus");
  wire::Report r = report("12345678");
  value(r, "volume", "m3", {12345, -3});
  r.security = {"mode 7", false, "wrong MAC"};
  const auto taken = intake.take_report(device, r, now);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(to_string(taken.error()), "security: wrong MAC");
  EXPECT_TRUE(registry.channel_list.empty());
  r.security = {};
  TakeOptions options;
  options.require_security = true;
  EXPECT_EQ(intake.take_report(device, r, now, options).error().code, ErrorCode::kSecurity);
  EXPECT_EQ(intake.take_report(device, r, now, options).error().code, ErrorCode::kSecurity);
  EXPECT_EQ(intake.refusals().size(), 1u);
  EXPECT_TRUE(registry.channel_list.empty());
}

TEST_F(ReportIntakeTest, AReplacedMeterIsRefusedWithOneEvent) {
  const DeviceId device = add(1, "1KAM0012345678", "KAM", "mbus");
  wire::Report r = report("12345678");
  value(r, "volume", "m3", {1, 0});
  EXPECT_TRUE(intake.take_report(device, r, now).ok());
  r.meter.id = "87654321";
  EXPECT_EQ(to_string(intake.take_report(device, r, now).error()),
            "conflict: meter 87654321 answers in place of 1KAM0012345678");
  EXPECT_FALSE(intake.take_report(device, r, now).ok());
  const auto events = intake.refusals();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].text,
            "another meter answers at this address: meter 87654321 answers in place of "
            "1KAM0012345678");
}

TEST_F(ReportIntakeTest, FindsAMeterOnlyWhereItIsUnambiguous) {
  add(1, "12345678", "KAM", "wmbus");
  add(2, "0012345678", "SEN", "wmbus");
  add(3, "KAM555", "KAM", "wmbus");
  EXPECT_EQ(intake.find_device("wmbus", "KAM", "12345678", now)->device, DeviceId(1));
  EXPECT_EQ(intake.find_device("wmbus", "SEN", "12345678", now)->device, DeviceId(2));
  EXPECT_EQ(intake.find_device("wmbus", "KAM", "00000555", now)->device, DeviceId(3));
  const auto unknown = intake.find_device("wmbus", "TCH", "12345678", now).value();
  EXPECT_FALSE(unknown.device);
  ASSERT_EQ(unknown.events.size(), 1u);
  EXPECT_EQ(unknown.events[0].text, "heard, but not known: wmbus TCH 12345678, not registered");
  EXPECT_TRUE(intake.find_device("wmbus", "TCH", "12345678", now + 5)->events.empty());
  ASSERT_EQ(intake.known_meters().heard().size(), 1u);
  EXPECT_EQ(intake.known_meters().heard()[0].frames, 2u);
  EXPECT_EQ(intake.known_meters().frames_unknown(), 2u);
  add(4, "TCH12345678", "TCH", "wmbus");
  intake.refresh(DeviceId(4));
  EXPECT_EQ(intake.find_device("wmbus", "TCH", "12345678", now)->device, DeviceId(4));
}

TEST_F(ReportIntakeTest, TheMeterSaysWhatItMeasuresWhereTheUtilityDoesNot) {
  add(1, "12345678", "KAM", "wmbus");
  add(2, "99", "KAM", "wmbus");
  registry.device_map[2].commodity = Commodity::kGas;
  for (const char* number : {"12345678", "99"}) {
    EXPECT_TRUE(intake.find_device("wmbus", report(number).meter, now)->device);
  }
  EXPECT_EQ(to_string(registry.device_map[1].commodity), "water");
  EXPECT_EQ(to_string(registry.device_map[2].commodity), "gas") << "as registered";
}

TEST(CommodityWords, OfMedia) {
  for (const auto& [medium, commodity] :
       std::vector<std::pair<const char*, const char*>>{{"", "unknown"},
                                                        {"warm water", "water"},
                                                        {"gas", "gas"},
                                                        {"heat/cooling", "heat"},
                                                        {"heat cost allocator", "heat"},
                                                        {"electricity", "electricity"},
                                                        {"room sensor", "other"}}) {
    EXPECT_EQ(to_string(commodity_of_medium(medium)), commodity) << medium;
    EXPECT_EQ(parse_commodity(commodity), commodity_of_medium(medium));
  }
}

TEST_F(ReportIntakeTest, TwoMetersWithOneNumberAreAConflictAndBothKept) {
  add(1, "12345678", "KAM", "wmbus");
  add(2, "KAM-12345678", "KAM", "wmbus");
  const auto both = intake.find_device("wmbus", "KAM", "12345678", now).value();
  EXPECT_FALSE(both.device);
  ASSERT_EQ(both.events.size(), 3u);
  EXPECT_EQ(both.events[1].text,
            "two meters have one number: wmbus KAM 12345678: 2 devices have this number");
  EXPECT_EQ(registry.device_map.size(), 2u);

  // One device, and two meters in the air under its number: who was first stays, over a restart
  // too.
  add(5, "99", "KAM", "wmbus");
  intake.refresh(DeviceId(5));
  wire::Report water = report("99"), heat = report("99");
  heat.meter.medium = "heat";
  EXPECT_EQ(intake.find_device("wmbus", water.meter, now)->device, DeviceId(5));
  ReportIntake again{registry, models, madrid, "push"};
  const auto other = again.find_device("wmbus", heat.meter, now).value();
  EXPECT_FALSE(other.device);
  EXPECT_EQ(other.events.size(), 2u);
  EXPECT_EQ(again.find_device("wmbus", water.meter, now)->device, DeviceId(5));
}

TEST(LocalTime, TheFutureIsNotReported) {
  const TimeZone madrid = TimeZone::find("Europe/Madrid").value();
  const auto summer = from_iso("2026-10-25T00:31:00Z").value();
  EXPECT_EQ(to_iso(*utc_of(wall(10, 25, 2, 30), madrid, summer - 3'600 - 60)),
            "2026-10-25T00:30:00Z");
  EXPECT_EQ(to_iso(*utc_of(wall(10, 25, 2, 30), madrid, summer + 7'200)), "2026-10-25T01:30:00Z");
  EXPECT_FALSE(utc_of(wall(2, 30, 2, 30), madrid, summer));
  EXPECT_EQ(to_iso(*utc_of(meter_time(summer, madrid), madrid, summer)), "2026-10-25T00:31:00Z");
}

}  // namespace
}  // namespace amity::headend
