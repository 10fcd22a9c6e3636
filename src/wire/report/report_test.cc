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

// Wherever in a text it stands, and however long the text is: what is to be escaped is, and nothing
// else changes.
TEST(Report, EveryPlaceOfATextIsLookedAt) {
  for (std::size_t size = 1; size <= 100; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const auto& [c, escaped] :
           {std::pair('"', "\\\""), std::pair('\\', "\\\\"), std::pair('\n', "\\n"),
            std::pair('\x1F', "\\u001F"), std::pair('\x7F', "\x7F"), std::pair('\xC3', "\xC3")}) {
        Report report;
        report.readings.emplace_back();
        std::string text(size, 'x'), expected = text;
        text[at] = c;
        expected.replace(at, 1, escaped);
        report.readings[0].id = report.readings[0].note = report.meter.id = text;
        std::string json;
        append_json(report, json);
        ASSERT_NE(json.find("{\"id\":\"" + expected + "\",\"manufacturer\""), std::string::npos)
            << json;
        ASSERT_NE(json.find(",\"id\":\"" + expected + "\",\"note\":\"" + expected + "\"}"),
                  std::string::npos)
            << json;
      }
    }
  }
}

TEST(Report, WordsAndNumbersOfEverySize) {
  for (std::size_t size = 0; size <= 90; ++size) {
    const std::string word(size, 'w');
    Report report;
    Reading& reading = report.readings.emplace_back();
    reading.quantity = reading.unit = reading.kind = word;
    reading.storage = size * size * size * size;
    reading.tariff = static_cast<std::uint32_t>(size);
    reading.subunit = static_cast<std::uint32_t>(size * size);
    reading.id = "1-0:1.8.0";
    std::string json;
    append_json(report, json);
    const std::string kind = size == 0 ? "" : ",\"kind\":\"" + word + "\"";
    ASSERT_NE(json.find("[{\"quantity\":\"" + word + "\",\"unit\":\"" + word +
                        "\",\"value\":0,\"storage\":" + std::to_string(reading.storage) +
                        ",\"tariff\":" + std::to_string(reading.tariff) + ",\"subunit\":" +
                        std::to_string(reading.subunit) + kind + ",\"obis\":\"1-0:1.8.0\"}]"),
              std::string::npos)
        << json;
  }
}

TEST(Report, NamesThatAreObisCodes) {
  const auto named = [](std::string_view id) {
    Report report;
    report.readings.emplace_back().id = id;
    std::string json;
    append_json(report, json);
    return json.find("\"obis\":") != std::string::npos;
  };
  for (const char* id : {"1-0:1.8.0*255", "1-0:1.8.0", "129-129:199.130.5*255", "1.0.1.8.0.255"})
    EXPECT_TRUE(named(id)) << id;
  for (const char* id : {"1234-0:1.8.0", "1-1234:1.8.0", "1:0-1.8.0", "-", "ST23.item 4", "1.8.0",
                         ".0.1.8.0.255", "a-b", "0C78", "abcd-e:f"}) {
    EXPECT_FALSE(named(id)) << id;
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
