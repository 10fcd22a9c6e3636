#include "exchange/row_reader.h"

#include <gtest/gtest.h>

namespace amity::exchange {
namespace {

TEST(RowReader, WhatWasWrittenIsReadBack) {
  const Channel channel{ChannelId(7),
                        DeviceId(3),
                        ChannelKind::kInterval,
                        "=import, \"day\"",
                        "",
                        Unit::kWattHour,
                        -3,
                        900,
                        1};
  const Reading reading{ChannelId(7), UtcSeconds(1'780'000'200), -12'340,
                        Quality{}.with(QualityFlag::kPartial).with(QualityFlag::kPowerDown)};
  for (const RowFormat format : {RowFormat::kCsv, RowFormat::kJsonLines}) {
    std::string text;
    append_header(text, format);
    append_row(text, format, "AMY1", channel, reading, TimeZone::utc());
    RowReader reader(format);
    ParsedRow row;
    std::size_t rows = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const auto read = reader.read(std::string_view(text).substr(at, end - at), row);
      ASSERT_TRUE(read.ok()) << to_string(read.error());
      rows += *read;
      at = end + 1;
    }
    ASSERT_EQ(rows, 1u);
    EXPECT_EQ(row.serial, "AMY1");
    EXPECT_EQ(row.channel, 7u);
    EXPECT_EQ(row.name, channel.name);
    EXPECT_EQ(row.unit, Unit::kWattHour);
    EXPECT_EQ(row.time, reading.time);
    EXPECT_EQ(row.value, (Decimal{-12'340, -3}));
    EXPECT_EQ(row.quality, reading.quality);
  }
}

TEST(RowReader, ABadLineTellsWhyAndTheNextIsRead) {
  RowReader reader(RowFormat::kCsv);
  ParsedRow row;
  EXPECT_EQ(reader.read("serial,when", row).error().reason,
            "the header names no column 'utc' or 'value'");
  EXPECT_FALSE(*reader.read("serial,utc,value,flags,unit\r", row));
  EXPECT_EQ(reader.read("a,2026-06-01T00:15:00Z,1", row).error().reason,
            "3 fields where the header has 5");
  EXPECT_FALSE(reader.read("a,2026-06-01T00:15:00Z,1e9,,Wh", row).ok());
  EXPECT_FALSE(reader.read("a,yesterday,1,,Wh", row).ok());
  EXPECT_EQ(reader.read("a,2026-06-01T00:15:00Z,1,odd,Wh", row).error().reason,
            "no flag is named 'odd'");
  EXPECT_EQ(reader.read("\"a,2026", row).error().reason, "a quote is not closed");
  EXPECT_TRUE(*reader.read("a,2026-06-01T00:15:00Z,1.50,,Wh", row));
  EXPECT_EQ(row.value, (Decimal{150, -2}));
  EXPECT_TRUE(*reader.read("a,2026-06-01T00:15:00Z,0.141,,kWh", row));
  EXPECT_EQ(row.unit, Unit::kWattHour);
  EXPECT_EQ(row.value, (Decimal{141, 0}));
  EXPECT_TRUE(*reader.read("a,2026-06-01T00:15:00Z,1.5,,kWh", row));
  EXPECT_EQ(row.value, (Decimal{1'500, 0}));
  EXPECT_EQ(reader.read("a,2026-06-01T00:15:00Z,1,,kWhh", row).error().reason,
            "no unit is named 'kWhh'");
  RowReader json(RowFormat::kJsonLines);
  EXPECT_FALSE(json.read("{\"utc\":\"2026-06-01\",\"value\":3}", row).ok());
  EXPECT_FALSE(json.read("{", row).ok());
  EXPECT_FALSE(json.read("[]", row).ok());
}

}  // namespace
}  // namespace amity::exchange
