#include "exchange/reading_rows.h"

#include <gtest/gtest.h>

namespace amity::exchange {
namespace {

TEST(ReadingRows, CsvAndJsonLinesOverAClockChange) {
  Channel channel;
  channel.id = ChannelId(7);
  channel.name = "import";
  channel.unit = Unit::kWattHour;
  channel.exponent = -1;
  const TimeZone madrid = *TimeZone::find("Europe/Madrid");
  const Reading first{ChannelId(7), *from_iso("2026-10-25T00:45:00Z"), 1234, {}};
  const Reading second{ChannelId(7), *from_iso("2026-10-25T01:45:00Z"), -5,
                       Quality{}.with(QualityFlag::kPowerDown).with(QualityFlag::kClockInvalid)};
  std::string csv, json;
  append_header(csv, RowFormat::kCsv);
  append_header(json, RowFormat::kJsonLines);
  for (const Reading& reading : {first, second}) {
    append_row(csv, RowFormat::kCsv, "=M\"1", channel, reading, madrid);
    append_row(json, RowFormat::kJsonLines, "=M\"1", channel, reading, madrid);
  }
  EXPECT_EQ(csv,
            "serial,channel,name,unit,utc,local,value,quality,flags\r\n"
            "\"'=M\"\"1\",7,import,Wh,2026-10-25T00:45:00Z,2026-10-25T02:45:00+02:00,123.4,A,\r\n"
            "\"'=M\"\"1\",7,import,Wh,2026-10-25T01:45:00Z,2026-10-25T02:45:00+01:00,-0.5,S,power_"
            "down clock_invalid\r\n");
  EXPECT_EQ(
      json.substr(0, json.find('\n')),
      R"({"serial":"=M\"1","channel":7,"name":"import","unit":"Wh","utc":"2026-10-25T00:45:00Z",)"
      R"("local":"2026-10-25T02:45:00+02:00","value":"123.4","quality":"A","flags":""})");
}

}  // namespace
}  // namespace amity::exchange
