#include "exchange/csv_mapping.h"

#include <gtest/gtest.h>

#include "exchange/collecting_sink.h"
#include "exchange/series_check.h"

namespace amity::exchange {
namespace {

const char* const kMapping = R"(
[file]
separator = ";"
decimal = ","
[columns]
meter = "Zaehler"
time = "Zeit"
value = "kWh"
quality = 4
[time]
format = "DD.MM.YYYY hh:mm"
zone = "Europe/Berlin"
label = "start"
interval_s = 1800
[quality]
W = "actual"
E = "estimated"
)";

CollectingSink read(const std::string& mapping, const std::string& text) {
  const auto parsed = csv_mapping_from_toml(mapping);
  EXPECT_TRUE(parsed.ok()) << to_string(parsed.error());
  CollectingSink sink;
  SeriesCheck check(sink);
  CsvReader reader(check, *parsed);
  reader.feed(text);
  reader.finish();
  return sink;
}

TEST(CsvMapping, ColumnsNumbersTimesAndTheRepeatedHourOfAutumn) {
  const auto sink = read(kMapping,
                         "Zaehler;Zeit;kWh;Status\n"
                         "M1;25.10.2026 02:00;0,5;W\nM1;25.10.2026 02:30;0,25;E\n"
                         "M1;25.10.2026 02:00;1;W\nM1;25.10.2026 02:30;2;\n"
                         "M1;29.03.2026 02:30;2;\nM1;25.10.2026;2;\nM1;25.10.2026 05:00;2;Q\n"
                         "M1;25.10.2026 05:00;2.5;\nM1\n");
  const auto& values = sink.totals.at("/M1/import").values;
  ASSERT_EQ(values.size(), 4u);
  EXPECT_EQ(to_iso(values[0].time), "2026-10-25T00:30:00Z");
  EXPECT_EQ(to_iso(values[1].time), "2026-10-25T01:00:00Z");
  EXPECT_EQ(to_iso(values[2].time), "2026-10-25T01:30:00Z");
  EXPECT_EQ(to_iso(values[3].time), "2026-10-25T02:00:00Z");
  EXPECT_EQ(quality_letter(values[1].quality), 'E');
  EXPECT_EQ(micro_text(sink.totals.at("/M1/import").micro), "3750.000000");
  EXPECT_EQ(
      sink.refused,
      (std::vector<std::string>{
          "6: '29.03.2026 02:30' is skipped by the clock of Europe/Berlin",
          "7: '25.10.2026' is no time", "8: the mapping does not tell what the quality 'Q' means",
          "9: '2.5' is no number", "10: the row has 1 columns, quality is in column 4"}));
}

// As statistics programs write them: 4e+05 is 400000, 170.99999999999999 is 171 where the mapping
// says so.
TEST(CsvMapping, NumbersWithAPowerOfTenAndNumbersToBeRounded) {
  const std::string mapping =
      "[file]\nheader=false\n[columns]\ntime=1\nvalue=2\n[series]\nmeter=\"W1\"\nregister=true\n"
      "unit=\"l\"\n";
  const auto values = [](const CollectingSink& sink) {
    std::string text;
    for (const SeriesValue& v : sink.totals.at("/W1/import/R").values)
      text += (text.empty() ? "" : " ") + to_string(v.value);
    return text;
  };
  const std::string rows = "1780000000,4e+05\n1780000060,25E-2\n1780000120,1.5e1\n1780000180,0e0\n";
  const std::string bad =
      "1780000240,4e\n1780000300,4e+\n1780000360,e5\n1780000420,1e99\n1780000480,4e1.5\n";
  const auto as_is = read(mapping + "[time]\nformat=\"unix\"\n", rows + bad);
  EXPECT_EQ(as_is.refused,
            (std::vector<std::string>{"5: '4e' is no number", "6: '4e+' is no number",
                                      "7: 'e5' is no number", "8: '1e99' is no number",
                                      "9: '4e1.5' is no number"}));
  EXPECT_EQ(values(as_is), "400000 0.25 15 0");
  const auto round = read(mapping + "decimals=2\n[time]\nformat=\"unix\"\n",
                          "1780000000,170.99999999999999\n1780000060,0.005\n1780000120,-0.005\n"
                          "1780000180,0.0049999\n1780000240,7\n");
  EXPECT_EQ(values(round), "171.00 0.01 -0.01 0.00 7");
  EXPECT_EQ(csv_mapping_from_toml(mapping + "decimals=10\n").error().reason,
            "series.decimals: is 0 to 9");
}

TEST(CsvMapping, RegistersWithoutAHeaderAndAMultiplierThatChanges) {
  const auto sink = read(
      "[file]\nheader=false\n[columns]\nmeter=1\ntime=2\nvalue=3\nmultiplier=4\n[series]\n"
      "register=true\nunit=\"m3\"\nchannel=\"volume\"\n[time]\nformat=\"unix\"\n",
      "W1,1780000000,12.5,1\nW1,1780003600,12.7,1\nW1,1780007200,1.3,10\n");
  EXPECT_EQ(sink.totals.at("/W1/volume/R").values.size(), 3u);
  EXPECT_EQ(sink.refused, std::vector<std::string>{});
  EXPECT_EQ(sink.noted,
            (std::vector<std::string>{"3: 'W1' volume: the multiplier changes from 1 to "
                                      "10 at 2026-05-28T22:26:40Z"}));
}

// How a substitute came to be: one column with NEM12's code or the file's own word for it, or one
// with the method alone.
TEST(CsvMapping, CodesAndMethods) {
  const std::string head =
      "[file]\nheader=false\n[series]\nmeter=\"M\"\n[time]\nformat=\"unix\"\n"
      "interval_s=900\n[columns]\ntime=1\nvalue=2\n";
  const auto told = [&](const std::string& more, const std::vector<std::string>& rows) {
    std::string text;
    for (std::size_t i = 0; i < rows.size(); ++i)
      text += std::to_string(1'780'000'200 + 900 * i) + ",1," + rows[i] + "\n";
    const auto sink = read(head + more, text);
    std::string out;
    if (const auto total = sink.totals.find("/M/import"); total != sink.totals.end()) {
      for (const SeriesValue& v : total->second.values)
        out += nem12_quality({v.quality, v.method}) + " ";
    }
    for (const std::string& refused : sink.refused) out += "\n" + refused;
    return out;
  };
  EXPECT_EQ(told("code=3\n", {"A", "S14", "E52", "F16", "N", ""}), "A S14 E52 F16 N A ");
  EXPECT_EQ(
      told("code=3\n", {"A", "V", "S", "S99", "A14", "s14", "S141"}),
      "A \n2: 'V' is no code of NEM12\n3: 'S' is no code of NEM12\n4: 'S99' is no code of NEM12"
      "\n5: 'A14' is no code of NEM12\n6: 's14' is no code of NEM12"
      "\n7: 'S141' is no code of NEM12");
  EXPECT_EQ(told("code=3\n[code]\nW=\"A\"\nErsatz=\"S14\"\nProg=\"E20\"\n",
                 {"W", "Ersatz", "Prog", "", "S14"}),
            "A S14 E20 A \n5: the mapping does not tell what the code 'S14' means");
  EXPECT_EQ(told("method=3\n", {"", "14", "17", "99", "like day"}),
            "A S14 S17 \n4: '99' is no method of NEM12\n5: 'like day' is no method of NEM12");
  const std::string words =
      "quality=3\nmethod=4\n[quality]\nok=\"actual\"\nest=\"estimated\"\nman=\"edited\"\n"
      "[method]\nlike=14\nline=\"17\"\n";
  EXPECT_EQ(
      told(words, {"ok,", "est,like", "man,line", "est,", ",like", "ok,like", "est,14"}),
      "A S14 F17 S18 S14 \n6: the method 'like' is that of a substitute, the quality 'ok' is not"
      "\n7: the mapping does not tell what the method '14' means");
  const auto why = [&](const std::string& more) {
    return csv_mapping_from_toml(head + more).error().reason;
  };
  EXPECT_EQ(why("code=3\n[code]\nX=\"S99\"\n"),
            "code.X: 'S99' is no code of NEM12, as A, S14, F16, N");
  EXPECT_EQ(why("method=3\n[method]\nX=10\n"), "method.X: '10' is no method of NEM12, as 14");
  EXPECT_EQ(why("code=3\nmethod=4\n"),
            "columns: code tells the method already: one of code and method");
  EXPECT_EQ(why("[code]\nX=\"A\"\n"), "code: columns.code is missing");
  EXPECT_EQ(why("code=3\n[code]\n"), "code: has no words");
}

TEST(CsvMapping, WhatIsWrongInTheMappingIsNamed) {
  const std::pair<const char*, const char*> wrong[] = {
      {"[columns]\ntime=1\n", "columns: time and value are needed"},
      {"[columns]\ntime=1\nvalue=2\n",
       "time.interval_s: is needed, but for registers (series.register = true)"},
      {"[columns]\ntime=1\nvalue=2\nfoo=3\n", "columns.foo: is not known"},
      {"[rows]\n", "rows: is not known"},
      {"[columns]\ntime=1\nvalue=2\n[time]\ninterval_s=900\nlabel=\"middle\"\n",
       "time.label: is end or start"},
      {"[columns]\ntime=1\nvalue=2\n[time]\ninterval_s=900\n[series]\nunit=\"furlong\"\n",
       "series.unit: is not known"}};
  for (const auto& [text, reason] : wrong) {
    const auto parsed = csv_mapping_from_toml(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().reason, reason);
  }
  EXPECT_FALSE(csv_mapping_from_toml("[columns\n").ok());
  EXPECT_EQ(read(kMapping, "a;b;c;d\n1;2;3;4\n").refused,
            (std::vector<std::string>{"1: no column 'Zaehler' for meter: the file is not read"}));
}

}  // namespace
}  // namespace amity::exchange
