#include "wire/report/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace amity::wire {
namespace {

MeterTime at(int hour, int minute) {
  MeterTime time;
  time.year = 2026;
  time.month = 11;
  time.day = 20;
  time.hour = static_cast<std::uint8_t>(hour);
  time.minute = static_cast<std::uint8_t>(minute);
  time.precision = MeterTime::Precision::kMinute;
  return time;
}

TEST(Report, TimesAreWrittenAsPreciselyAsTheMeterStatesThem) {
  MeterTime time = at(14, 5);
  EXPECT_EQ(to_string(MeterTime{}), "");
  EXPECT_EQ(to_string(time), "2026-11-20T14:05");
  time.precision = MeterTime::Precision::kDay;
  EXPECT_EQ(to_string(time), "2026-11-20");
  time.precision = MeterTime::Precision::kSecond;
  time.second = 9;
  EXPECT_EQ(to_string(time), "2026-11-20T14:05:09");
  time.utc_offset_minutes = 60;
  EXPECT_EQ(to_string(time), "2026-11-20T14:05:09+01:00");
  time.utc_offset_minutes = -210;
  EXPECT_EQ(to_string(time), "2026-11-20T14:05:09-03:30");
  time.utc_offset_minutes = 0;
  EXPECT_EQ(to_string(time), "2026-11-20T14:05:09Z");
}

TEST(Report, AGasMeterAsJson) {
  Report report;
  report.protocol = "wmbus";
  report.meter = {"12345678", "ELS", "gas", "", "51"};
  report.security.mode = "oms-5";
  Reading volume;
  volume.quantity = "volume";
  volume.unit = "m3";
  volume.value = Decimal{2850427, -2};
  volume.time = at(14, 5);
  report.readings.push_back(volume);
  report.events.push_back({4, "low battery", {}, ""});
  report.unknown.push_back({31, "", "0F17"});
  report.details.emplace_back("access_number", "42");
  std::string json;
  append_json(report, json);
  EXPECT_EQ(
      json,
      R"({"protocol":"wmbus",)"
      R"("meter":{"id":"12345678","manufacturer":"ELS","medium":"gas","model":"","version":"51"},)"
      R"("security":{"mode":"oms-5","ok":true},)"
      R"("readings":[{"quantity":"volume","unit":"m3","value":28504.27,"storage":0,"tariff":0,"subunit":0,)"
      R"("time":"2026-11-20T14:05"}],)"
      R"("events":[{"code":4,"text":"low battery"}],"unknown":[{"offset":31,"data":"0F17"}],)"
      R"("details":{"access_number":"42"}})");
}

TEST(Report, AFloatThatIsNoNumberIsNoValue) {
  Report report;
  report.readings.emplace_back();
  report.readings[0].value = std::numeric_limits<double>::infinity();
  report.readings.emplace_back();
  report.readings[1].value = 0.1;
  report.readings.emplace_back();
  report.readings[2].value = std::string("A\"\x01");
  std::string json;
  append_json(report, json);
  EXPECT_NE(json.find(R"("value":null)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("value":0.1,)"), std::string::npos) << json;
  EXPECT_NE(json.find("\"value\":\"A\\\"\\u0001\""), std::string::npos) << json;
}

TEST(Report, DecimalsAreWrittenAsTheyArePrinted) {
  for (const Decimal value :
       {Decimal{0, 0}, Decimal{0, 3}, Decimal{0, -2}, Decimal{5, -3}, Decimal{-5, -3},
        Decimal{12, -2}, Decimal{-123, -1}, Decimal{7, 4}, Decimal{-7, 18}, Decimal{1, -18},
        Decimal{std::numeric_limits<std::int64_t>::min(), 0},
        Decimal{std::numeric_limits<std::int64_t>::max(), -18},
        Decimal{std::numeric_limits<std::int64_t>::min(), 18}}) {
    Report report;
    report.readings.emplace_back();
    report.readings[0].value = value;
    std::string json;
    append_json(report, json);
    EXPECT_NE(json.find("\"value\":" + to_string(value) + ","), std::string::npos) << json;
  }
}

TEST(Report, LongTextIsWrittenWhole) {
  Report report;
  report.readings.emplace_back();
  report.readings[0].value = std::string(5'000, 'x') + '\n' + std::string(3'000, '"');
  std::string json;
  append_json(report, json);
  EXPECT_NE(json.find(std::string(5'000, 'x') + "\\n\\\"\\\""), std::string::npos);
  EXPECT_EQ(std::count(json.begin(), json.end(), '\\'), 3'001);
}

TEST(Report, ClearedItIsAsNew) {
  Report report;
  report.meter.id = "1";
  report.readings.emplace_back();
  report.layout.emplace_back();
  report.security.ok = false;
  report.clear();
  std::string cleared, fresh;
  append_json(report, cleared);
  append_json(Report(), fresh);
  EXPECT_EQ(cleared, fresh);
}

}  // namespace
}  // namespace amity::wire
