#include "exchange/nem12_reader.h"

#include <gtest/gtest.h>

#include "exchange/collecting_sink.h"
#include "exchange/quality_codes.h"
#include "exchange/series_check.h"

namespace amity::exchange {
namespace {

std::string day(std::string_view date, std::string_view value, int count,
                std::string_view quality = "A") {
  std::string line = "300," + std::string(date);
  for (int i = 0; i < count; ++i) line += "," + std::string(value);
  return line + "," + std::string(quality) + ",,,20040202120025,\n";
}

const std::string kBegin = "100,NEM12,200405011135,MDA1,Ret1\n200,NMI1,E1Q1,1,E1,N1,MET1,kWh,30,\n";

CollectingSink read(std::string_view text, std::size_t piece = 7) {
  CollectingSink sink;
  SeriesCheck check(sink);
  Nem12Reader reader(check, *TimeZone::find(kNemZone));
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    reader.feed(text.substr(0, piece));
  reader.finish();
  return sink;
}

TEST(Nem12Reader, ADayIsFortyEightValuesNamedByTheirEndInUtc) {
  const auto sink = read(kBegin + day("20040201", "1.111", 48) + "900\n");
  EXPECT_TRUE(sink.refused.empty() && sink.noted.empty());
  const SeriesTotal& total = sink.totals.at("NMI1/MET1/import");
  EXPECT_EQ(micro_text(total.micro), "53328.000000");  // Wh
  ASSERT_EQ(total.values.size(), 48u);
  EXPECT_EQ(to_iso(total.values[0].time), "2004-01-31T14:30:00Z");
  EXPECT_EQ(to_iso(total.values[47].time), "2004-02-01T14:00:00Z");
  EXPECT_EQ(total.series.unit, Unit::kWattHour);
  EXPECT_EQ(total.series.interval_s, 1800u);
}

TEST(Nem12Reader, QualitiesOfEachIntervalAndMethods) {
  std::string text = kBegin + day("20040201", "2", 48, "V");
  text += "400,1,20,F14,76,\n400,21,24,A,,\n400,25,47,S15,1,\n400,48,48,N,,\n900\n";
  const auto sink = read(text);
  ASSERT_TRUE(sink.refused.empty()) << sink.refused[0];
  const auto& values = sink.totals.at("NMI1/MET1/import").values;
  ASSERT_EQ(values.size(), 48u);
  EXPECT_EQ(quality_letter(values[0].quality), 'F');
  EXPECT_EQ(values[0].method, 14);
  EXPECT_EQ(quality_letter(values[20].quality), 'A');
  EXPECT_EQ(quality_letter(values[24].quality), 'E');
  EXPECT_EQ(values[24].method, 15);
  EXPECT_EQ(to_string(values[47].quality), "data_invalid");
}

TEST(Nem12Reader, WhatIsWrongIsToldWithItsLineAndTheRestIsRead) {
  const std::string good = day("20040202", "1", 48);
  const auto refusals = [&](const std::string& line) {
    const auto sink = read(kBegin + line + good + "900\n");
    EXPECT_EQ(sink.values, 48u) << line;
    EXPECT_EQ(sink.refused.size(), 1u) << line;
    return sink.refused.empty() ? "" : sink.refused[0];
  };
  EXPECT_EQ(refusals(day("20040201", "1", 47)), "3: the day has 47 values, 30 minutes make 48");
  EXPECT_EQ(refusals(day("20040201", "1", 96)), "3: more than the 48 values that 30 minutes make");
  EXPECT_EQ(refusals(day("20040230", "1", 48)), "3: '20040230' is no date YYYYMMDD");
  EXPECT_EQ(refusals(day("20040201", "1", 48, "Q")), "3: 'Q' is no quality");
  EXPECT_EQ(refusals(day("20040201", "1e3", 48)), "3: value 1: '1e3' is no number");
  EXPECT_EQ(refusals("300,20040201,1,1\n"), "3: the day has 2 values, 30 minutes make 48");
  EXPECT_EQ(refusals("777,1\n"), "3: no record of NEM12 or NEM13 begins with '777'");
  EXPECT_EQ(refusals(day("20040201", "1", 48, "V")),
            "3: the day is left out: its quality is V and no 400 record tells of interval 1");
  EXPECT_EQ(refusals(day("20040201", "1", 48, "V") + "400,1,48,V,,\n"),
            "3: the day is left out: the 400 record of line 4 has the quality 'V'");
  EXPECT_EQ(refusals(day("20040201", "1", 48) + "400,40,49,A,,\n"),
            "3: the day is left out: the 400 record of line 4 tells of intervals '40' to '49', the "
            "day has 48");
  EXPECT_EQ(refusals(day("20040201", "", 48)),
            "3: the day is left out: interval 1 has no value, and its quality is not N");
}

TEST(Nem12Reader, ASeriesThatCannotBeReadTakesItsDaysWithIt) {
  const auto sink = read("100,NEM12,1,a,b\n200,NMI1,E1,1,E1,N1,MET1,furlong,30,\n" +
                         day("20040201", "1", 48) + "200,NMI1,E1,1,E1,N1,MET1,Wh,7,\n900\n");
  EXPECT_EQ(sink.refused,
            (std::vector<std::string>{"2: no unit is named 'furlong'",
                                      "3: a 300 record without a valid 200 record before it",
                                      "4: '7' minutes are no interval that divides a day"}));
  EXPECT_EQ(sink.values, 0u);
}

TEST(Nem12Reader, RepeatedDaysAreToldAndOverlapsRefused) {
  const auto sink =
      read(kBegin + day("20040201", "1", 48) + day("20040201", "2", 48) +
           "200,NMI1,E1Q1,1,E1,N1,MET1,kWh,15,\n" + day("20040201", "1", 96) + "900\n");
  EXPECT_EQ(sink.noted, (std::vector<std::string>{
                            "4: 'MET1' import: times are given again from 2004-01-31T14:30:00Z on; "
                            "the later value counts",
                            "5: 'MET1' import: the interval changes from 1800 s to 900 s"}));
  EXPECT_EQ(sink.refused,
            (std::vector<std::string>{"6: 'MET1' import: intervals from that which ends "
                                      "2004-01-31T14:15:00Z overlap others: left out"}));
  EXPECT_EQ(sink.values, 96u);
}

TEST(SeriesCheck, AMultiplierThatChangesIsToldAndOneThatComesAndGoesIsRefused) {
  CollectingSink sink;
  SeriesCheck check(sink);
  MeterSeries series{"M1", "",   "import", "", ChannelKind::kInterval, Unit::kWattHour,
                     900,  true, 40};
  const auto value = [](std::int64_t at) {
    return SeriesValue{UtcSeconds(at), 900, {5, 0}, {}, 0};
  };
  check.on_series(series, 1);
  check.on_value(value(900), 1);
  series.multiplier = 60;
  check.on_series(series, 2);
  check.on_value(value(1'800), 2);
  check.on_value(value(900), 3);
  series.multiplier = 40;
  check.on_series(series, 4);
  check.on_value(value(1'800), 4);
  check.on_value(value(900), 5);
  check.on_value(value(3'600), 6);
  series.unit = Unit::kVarHour;
  check.on_series(series, 7);
  check.on_value(value(4'500), 7);
  EXPECT_EQ(sink.values, 4u);
  EXPECT_EQ(sink.refused, (std::vector<std::string>{
                              "3: 'M1' import: the multiplier changes from 40 to 60 at "
                              "1970-01-01T00:00:00Z, not behind all values before: left out",
                              "4: 'M1' import: the multiplier changes from 60 to 40 at "
                              "1970-01-01T00:15:00Z, not behind all values before: left out",
                              "7: 'M1' import: the unit changes from Wh to varh, its values "
                              "are left out"}));
  EXPECT_EQ(
      sink.noted,
      (std::vector<std::string>{
          "2: 'M1' import: the multiplier changes from 40 to 60 at 1970-01-01T00:15:00Z",
          "5: 'M1' import: times are given again from 1970-01-01T00:15:00Z on; the later value "
          "counts",
          "6: 'M1' import: the multiplier changes from 60 to 40 at 1970-01-01T00:45:00Z"}));
  check.each([](const SeriesSummary& s) {
    EXPECT_EQ(s.series.multiplier, 40);
    ASSERT_EQ(s.multipliers.size(), 2u);
    EXPECT_EQ(s.multipliers[0].after, UtcSeconds(0));
    EXPECT_EQ(s.multipliers[0].from, UtcSeconds(900));
    EXPECT_EQ(s.refused, 2u);
  });
}

TEST(Nem12Reader, Nem13GivesTheRegisterAndThePeriod) {
  const auto sink = read(
      "100,NEM13,200401101030,MDA1,Ret1\n250,VABC005890,11,1,11,11,METSER123,E,006342.8,"
      "20031005093055,A,,,007654.9,20040107100333,E62,,,1312.1,kWh,20040407,20040108100333,"
      "20040108091133\n900\n");
  ASSERT_TRUE(sink.refused.empty()) << sink.refused[0];
  const auto& registers = sink.totals.at("VABC005890/METSER123/import_11_register/R");
  ASSERT_EQ(registers.values.size(), 2u);
  EXPECT_EQ(registers.values[0].value, (Decimal{63428, 2}));
  EXPECT_EQ(to_iso(registers.values[0].time), "2003-10-04T23:30:55Z");
  EXPECT_EQ(quality_letter(registers.values[1].quality), 'E');
  const auto& period = sink.totals.at("VABC005890/METSER123/import_11_period");
  EXPECT_EQ(micro_text(period.micro), "1312100.000000");
  EXPECT_EQ(period.values[0].method, kForwardEstimate + 62);
}

TEST(Nem12Reader, AFileThatBreaksOffSaysSo) {
  const std::string whole = kBegin + day("20040201", "1", 48);
  const auto sink = read(whole.substr(0, whole.size() - 60));
  EXPECT_EQ(sink.refused,
            (std::vector<std::string>{"3: the day has 29 values, 30 minutes make 48"}));
  EXPECT_EQ(sink.noted,
            (std::vector<std::string>{"0: the file ends without a 900 record: is it whole?"}));
  EXPECT_EQ(read("").refused, (std::vector<std::string>{"1: the file is empty"}));
}

}  // namespace
}  // namespace amity::exchange
