// Each format as it is written, and read back by its own reader where there is one.
#include "exchange/writers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "exchange/cim_reader.h"
#include "exchange/collecting_sink.h"
#include "exchange/formats.h"
#include "exchange/nem12_reader.h"
#include "exchange/quality_codes.h"
#include "exchange/reading_rows.h"
#include "exchange/rebin.h"
#include "exchange/series_check.h"

namespace amity::exchange {
namespace {

const UtcSeconds kDay = *from_iso("2026-05-31T14:00:00Z");  // midnight in the NEM

WriteOptions options() {
  WriteOptions o;
  o.market_zone = *TimeZone::find(kNemZone);
  o.created = *from_iso("2026-06-03T01:02:00Z");
  o.sender = "SND";
  o.receiver = "RCV";
  return o;
}

MeterSeries import_series() {
  MeterSeries s;
  s.serial = "MET1";
  s.point = "NMI1";
  s.name = "import";
  s.unit = Unit::kWattHour;
  s.interval_s = 1'800;
  return s;
}

// A day: actual, three estimated linearly, the rest actual but one that is missing.
std::vector<SeriesValue> day_values() {
  std::vector<SeriesValue> values;
  for (int i = 1; i <= 48; ++i) {
    if (i == 40) continue;
    SeriesValue v{kDay + i * 1'800, 1'800, {1'250 + i, 0}, {}, 0};
    if (i >= 10 && i <= 12) {
      v.quality = Quality{}.with(QualityFlag::kEstimated);
      v.method = 17;
    }
    values.push_back(v);
  }
  return values;
}

std::string written(WriteFormat format, const MeterSeries& series,
                    const std::vector<SeriesValue>& values) {
  const auto writer = make_writer(format, options());
  std::string out;
  const Status begun = writer->begin_series(series, out);
  EXPECT_TRUE(begun.ok()) << to_string(begun.error());
  for (const SeriesValue& value : values) EXPECT_TRUE(writer->value(value, out).ok());
  EXPECT_TRUE(writer->finish(out).ok());
  return out;
}

CollectingSink read_back(FileFormat format, const std::string& text) {
  CollectingSink sink;
  SeriesCheck check(sink);
  FileReader reader(check, format, {TimeZone::utc(), options().market_zone, 0, {}});
  reader.feed(text);
  reader.finish();
  EXPECT_TRUE(sink.refused.empty()) << sink.refused[0];
  EXPECT_TRUE(sink.noted.empty()) << sink.noted[0];
  return sink;
}

TEST(Writers, Nem12ADayWithItsQualities) {
  const std::string text = written(WriteFormat::kNem12, import_series(), day_values());
  EXPECT_EQ(text.substr(0, text.find("300")),
            "100,NEM12,202606031102,SND,RCV\n200,NMI1,E1,E1,E1,,MET1,kWh,30,\n");
  EXPECT_NE(text.find("300,20260601,1.251,1.252,"), std::string::npos) << text;
  EXPECT_EQ(text.substr(text.find(",V,,,")),
            ",V,,,20260603110200,\n400,1,9,A,,\n400,10,12,S17,,\n400,13,39,A,,\n400,40,40,N,,\n"
            "400,41,48,A,,\n900\n");
  const auto back = read_back(FileFormat::kNem12, text);
  std::vector<SeriesValue> values = back.totals.at("NMI1/MET1/import").values;
  ASSERT_EQ(values.size(), 48u);
  EXPECT_EQ(to_string(values[39].quality), "data_invalid");
  values.erase(values.begin() + 39);
  const auto wanted = day_values();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(shortest(values[i].value), shortest(wanted[i].value));
    EXPECT_EQ(values[i].time, wanted[i].time);
    EXPECT_EQ(values[i].quality, wanted[i].quality);
    EXPECT_EQ(values[i].method, wanted[i].method);
  }
}

TEST(Writers, WhatAFormatReadsBackIsWhatWasWritten) {
  const std::pair<WriteFormat, FileFormat> pairs[] = {{WriteFormat::kCmep, FileFormat::kCmep},
                                                      {WriteFormat::kEspi, FileFormat::kEspi},
                                                      {WriteFormat::kCim, FileFormat::kCim}};
  for (const auto& [write, read] : pairs) {
    const std::string text = written(write, import_series(), day_values());
    const auto back = read_back(read, text);
    ASSERT_EQ(back.totals.size(), 1u) << text.substr(0, 2000);
    const SeriesTotal& total = back.totals.begin()->second;
    EXPECT_EQ(total.series.name, "import");
    EXPECT_EQ(total.series.interval_s, 1'800u);
    const auto wanted = day_values();
    ASSERT_EQ(total.values.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_EQ(shortest(total.values[i].value), shortest(wanted[i].value));
      EXPECT_EQ(total.values[i].time, wanted[i].time);
      EXPECT_EQ(total.values[i].duration_s, 1'800u);
      EXPECT_EQ(total.values[i].quality, wanted[i].quality);
    }
  }
}

TEST(Writers, MsconsAsAnEngineerReadsIt) {
  auto values = day_values();
  values.erase(values.begin(), values.begin() + 8);
  values.resize(2);
  EXPECT_EQ(written(WriteFormat::kMscons, import_series(), values),
            "UNA:+.? '\nUNB+UNOC:3+SND:500+RCV:500+260603:0102+1780448520'\n"
            "UNH+1+MSCONS:D:04B:UN:2.4c'\nBGM+7+1780448520-1+9'\nDTM+137:202606030102?+00:303'\n"
            "NAD+MS+SND::293'\nNAD+MR+RCV::293'\nUNS+D'\nNAD+DP'\nLOC+172+NMI1'\nRFF+MG:MET1'\n"
            "LIN+1'\nPIA+5+1-1?:1.29.0:SRW'\n"
            "QTY+220:1.259'\nDTM+163:202605311800?+00:303'\nDTM+164:202605311830?+00:303'\n"
            "QTY+67:1.260'\nDTM+163:202605311830?+00:303'\nDTM+164:202605311900?+00:303'\n"
            "UNT+18+1'\nUNZ+1+1780448520'\n");
}

TEST(Writers, WhatAFormatCannotHoldIsToldAndTheFileStaysWhole) {
  MeterSeries voltage = import_series();
  voltage.name = "voltage_l1";
  voltage.unit = Unit::kVolt;
  MeterSeries hours = import_series();
  hours.interval_s = 3'600;
  std::string out;
  const auto nem12 = make_writer(WriteFormat::kNem12, options());
  EXPECT_FALSE(nem12->begin_series(voltage, out).ok());
  EXPECT_FALSE(nem12->begin_series(hours, out).ok());
  EXPECT_TRUE(nem12->finish(out).ok());
  EXPECT_EQ(out, "100,NEM12,202606031102,SND,RCV\n900\n");
  for (const WriteFormat format : {WriteFormat::kCmep, WriteFormat::kMscons}) {
    std::string text;
    EXPECT_FALSE(make_writer(format, options())->begin_series(voltage, text).ok());
  }
  EXPECT_EQ(xml_escaped("<a&\"b\x01'>"), "&lt;a&amp;&quot;b &apos;&gt;");
}

// Days of a change of clocks have 23 and 25 hours; a bin is as good as all that is said of its
// parts.
TEST(Rebin, HoursDaysAndBillingMonths) {
  const TimeZone sydney = *TimeZone::find("Australia/Sydney");
  const auto binned = [&](Bins bins, UtcSeconds from, int hours, int bill_day = 1) {
    const auto writer =
        make_rebinned(make_writer(WriteFormat::kEspi, options()), {bins, sydney, bill_day});
    MeterSeries series = import_series();
    std::string out;
    EXPECT_TRUE(writer->begin_series(series, out).ok());
    for (int i = 1; i <= 2 * hours; ++i) {
      SeriesValue v{from + std::int64_t{i} * 1'800, 1'800, {500, 0}, {}, 0};
      if (i == 3) v.quality = Quality{}.with(QualityFlag::kEstimated), v.method = 17;
      EXPECT_TRUE(writer->value(v, out).ok());
    }
    EXPECT_TRUE(writer->finish(out).ok());
    const auto back = read_back(FileFormat::kEspi, out);
    std::string text;
    for (const SeriesValue& v : back.totals.begin()->second.values) {
      text += fmt::format("{}{}+{}={}{}", text.empty() ? "" : " ",
                          to_iso(v.time - v.duration_s).substr(5, 8), v.duration_s / 3'600,
                          to_string(shortest(v.value)), quality_letter(v.quality));
    }
    return text;
  };
  EXPECT_EQ(binned(Bins::kHour, from_iso("2026-06-01T00:00:00Z").value(), 3),
            "06-01T00+1=1000A 06-01T01+1=1000E 06-01T02+1=1000A");
  // Sydney's clocks go forward on 2026-10-04 and back on 2026-04-05.
  EXPECT_EQ(binned(Bins::kDay, from_iso("2026-10-02T14:00:00Z").value(), 24 + 23 + 24),
            "10-02T14+24=24000E 10-03T14+23=23000A 10-04T13+24=24000A");
  EXPECT_EQ(binned(Bins::kDay, from_iso("2026-04-04T13:00:00Z").value(), 25 + 12),
            "04-04T13+25=25000E 04-05T14+24=12000S")
      << "half a day is marked";
  EXPECT_EQ(binned(Bins::kBilling, from_iso("2026-06-14T14:00:00Z").value(), 24 * 30, 15),
            "06-14T14+720=720000E");
}

TEST(Rebin, WhatDoesNotAddUpOrFitIsLeftOutWithItsReason) {
  const auto why = [](const MeterSeries& series) {
    const auto writer = make_rebinned(make_writer(WriteFormat::kEspi, options()),
                                      {Bins::kHour, TimeZone::utc(), 1});
    std::string out;
    const Status begun = writer->begin_series(series, out);
    EXPECT_TRUE(writer->finish(out).ok());
    return begun.ok() ? std::string() : begun.error().reason;
  };
  MeterSeries series = import_series();
  EXPECT_EQ(why(series), "");
  series.interval_s = 7'200;
  EXPECT_EQ(why(series), "intervals of 7200 s do not fit into those asked for");
  series.interval_s = 1'800;
  series.unit = Unit::kVolt;
  EXPECT_EQ(why(series), "intervals that add up alone are summed");
}

// What each format keeps of a quality and of the method of a substitute, out and in again.
TEST(Writers, QualitiesAndMethodsThroughEveryFormat) {
  const Quality estimated = Quality{}.with(QualityFlag::kEstimated),
                edited = Quality{}.with(QualityFlag::kEdited);
  const std::pair<std::string, QualityCode> kCodes[] = {{"A", {}},
                                                        {"S14", {estimated, 14}},
                                                        {"S17", {estimated, 17}},
                                                        {"S18", {estimated, 18}},
                                                        {"S23", {estimated, 23}},
                                                        {"F16", {edited, 16}}};
  const auto told = [&](FileFormat format, const std::string& text) {
    const auto back = read_back(format, text);
    std::string out;
    for (const SeriesValue& v : back.totals.begin()->second.values)
      out += (out.empty() ? "" : " ") + std::string(1, quality_letter(v.quality)) +
             std::to_string(v.method);
    return out;
  };
  std::vector<SeriesValue> values;
  for (int i = 1; i <= 48; ++i) {
    const QualityCode& code = kCodes[std::min(i - 1, 5)].second;
    values.push_back({kDay + i * 1'800, 1'800, {100, 0}, code.quality, code.method});
  }
  const auto first = [](const std::string& text) {
    return text.substr(0, text.find(" F", text.find('F')));
  };
  EXPECT_EQ(first(told(FileFormat::kNem12, written(WriteFormat::kNem12, import_series(), values))),
            "A0 E14 E17 E18 E23 F16");
  EXPECT_EQ(first(told(FileFormat::kEspi, written(WriteFormat::kEspi, import_series(), values))),
            "A0 E14 E17 E14 E14 F0");
  EXPECT_EQ(first(told(FileFormat::kCmep, written(WriteFormat::kCmep, import_series(), values))),
            "A0 E0 E0 E0 E0 F0");
  EXPECT_EQ(first(told(FileFormat::kCim, written(WriteFormat::kCim, import_series(), values))),
            "A0 E0 E0 E0 E0 F0");
  Channel channel;
  channel.name = "import";
  channel.unit = Unit::kWattHour;
  channel.interval_s = 1'800;
  for (const auto& [row, file] : {std::pair{RowFormat::kCsv, FileFormat::kCsv},
                                  {RowFormat::kJsonLines, FileFormat::kJsonLines}}) {
    std::string text;
    append_final_header(text, row);
    for (const SeriesValue& v : values) {
      append_final_row(text, row, "MET1", channel, {{}, v.time, v.value.value, v.quality},
                       nem12_quality({v.quality, v.method}), 1, TimeZone::utc());
    }
    EXPECT_EQ(first(told(file, text)), "A0 E14 E17 E18 E23 F16") << text.substr(0, 300);
  }
}

TEST(Writers, EventsOfEndDevicesComeBack) {
  std::string text;
  append_cim_events_head(text);
  for (const char* code : {"3.26.9.185", "3.31.0.23"}) {
    Event event = event_from_cim(code);
    event.time = kDay;
    EXPECT_TRUE(append_cim_event(text, {"M<1>", event}));
  }
  Event own;
  own.text = "something of the maker's own";
  EXPECT_FALSE(append_cim_event(text, {"M<1>", own}));
  append_cim_events_end(text);
  const auto back = read_back(FileFormat::kCim, text);
  ASSERT_EQ(back.events.size(), 2u);
  EXPECT_EQ(back.events[0].serial, "M<1>");
  EXPECT_EQ(cim_event_code(back.events[0].event), "3.26.9.185");
  EXPECT_EQ(cim_event_code(back.events[1].event), "3.31.0.23");
  EXPECT_EQ(back.events[1].event.time, kDay);
}

TEST(Writers, ParquetIsReadByDuckDb) {
  const auto writer = make_writer(WriteFormat::kParquet, options());
  std::string out;
  MeterSeries series = import_series();
  for (const char* serial : {"A", "B", "C"}) {
    series.serial = serial;
    ASSERT_TRUE(writer->begin_series(series, out).ok());
    for (int i = 1; i <= 50'000; ++i) {  // more than one row group
      SeriesValue v{kDay + std::int64_t{i} * 1'800, 1'800, {-5 + i, -3}, {}, 0};
      if (i % 100 == 0) v.quality = Quality{}.with(QualityFlag::kEstimated);
      ASSERT_TRUE(writer->value(v, out).ok());
    }
  }
  ASSERT_TRUE(writer->finish(out).ok());
  const std::string path =
      ::testing::TempDir() + "/readings_" + std::to_string(::getpid()) + ".parquet";
  std::ofstream(path, std::ios::binary) << out;
  const std::string command =
      std::string(AMITY_SOURCE_DIR) + "/tests/parquet_check '" + path + "' > '" + path + ".txt'";
  const int status = std::system(command.c_str());
  std::ifstream in(path + ".txt");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::filesystem::remove(path);
  std::filesystem::remove(path + ".txt");
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "npm's @duckdb/node-api is not to be had here";
  // Sum of -0.004 .. 49.995 is 1,249,775,000 thousandths for each of three.
  EXPECT_EQ(text,
            "rows 150000\nserials A B C\nunit Wh\nsum 3749325.000000000\n"
            "first 2026-05-31 14:30:00+00\nestimated 1500\nmin -0.004000000\n")
      << status;
}

}  // namespace
}  // namespace amity::exchange
