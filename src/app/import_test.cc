// `amity import` into a data directory: what is kept, told, and what happens the second time.
#include <algorithm>
#include <sstream>

#include "app/import_test_support.h"
#include "store/store.h"

namespace amity::app {
namespace {

using namespace amity::app::testing;
using Import = ImportTest;

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(Import, TheSameFileTwiceChangesNothing) {
  const std::string path = file("a.csv", kHead + nem12_day("20040201", "1.25", 48) + "900\n");
  const Outcome unknown = import({path});
  EXPECT_EQ(unknown.exit_code, kExitBadInput);
  EXPECT_NE(unknown.err.find("a.csv:2: no meter has the serial 'MET1'"), std::string::npos)
      << unknown.err;
  const Outcome first = import({"--add", path});
  EXPECT_EQ(first.exit_code, kExitDone) << first.err;
  EXPECT_EQ(first.out, path +
                           ": 48 values of 1 series; 48 new, 0 known already, 0 corrected; "
                           "added 1 meters, 1 channels; 0 refused, 0 notes\n");
  const std::string before = rows().out;
  EXPECT_EQ(lines_of(before), 49u);
  EXPECT_NE(before.find("MET1,1,import,Wh,2004-01-31T14:30:00Z,2004-01-31T14:30:00+00:00,1250,A,"),
            std::string::npos)
      << before.substr(0, 300);
  const Outcome second = import({path});
  EXPECT_EQ(second.exit_code, kExitDone);
  EXPECT_EQ(second.out, path +
                            ": 48 values of 1 series; 0 new, 48 known already, 0 corrected; "
                            "0 refused, 0 notes\n");
  EXPECT_EQ(rows().out, before);
}

TEST_F(Import, GoodRowsAreKeptOrNoneWithAtomic) {
  const std::string path = file(
      "b.csv", kHead + nem12_day("20040201", "1", 47) + nem12_day("20040202", "1", 48) + "900\n");
  const Outcome none = import({"--add", "--atomic", path});
  EXPECT_EQ(none.exit_code, kExitBadInput);
  EXPECT_NE(none.err.find("b.csv:3: the day has 47 values, 30 minutes make 48"), std::string::npos);
  EXPECT_NE(none.out.find("nothing kept (--atomic); 1 refused"), std::string::npos) << none.out;
  EXPECT_EQ(lines_of(rows().out), 1u);
  const Outcome some = import({"--add", path});
  EXPECT_EQ(some.exit_code, kExitBadInput);
  EXPECT_NE(some.out.find("48 new"), std::string::npos) << some.out;
  EXPECT_EQ(lines_of(rows().out), 49u);
}

TEST_F(Import, AnotherIntervalLengthIsAnotherChannelAndACorrectionIsCounted) {
  const std::string quarter = "200,NMI1,E1,1,E1,N1,MET1,kWh,15,\n";
  const std::string path = file("c.csv", kHead + nem12_day("20040201", "1", 48) + quarter +
                                             nem12_day("20040202", "0.5", 96) + "900\n");
  EXPECT_EQ(import({"--add", path}).exit_code, kExitDone);
  const std::string out = rows().out;
  EXPECT_NE(out.find("MET1,2,import_900s,Wh,2004-02-02T14:00:00Z"), std::string::npos) << out;
  const std::string corrected = file("d.csv", kHead + nem12_day("20040201", "2", 48) + "900\n");
  EXPECT_NE(import({corrected}).out.find("0 new, 0 known already, 48 corrected"),
            std::string::npos);
  EXPECT_NE(rows().out.find(",2000,A,"), std::string::npos);
}

TEST_F(Import, OwnRowsComeBackAsTheyWere) {
  const std::string path = file("e.csv", kHead + nem12_day("20040201", "1.5", 48) + "900\n");
  EXPECT_EQ(import({"--add", path}).exit_code, kExitDone);
  const Outcome json = rows({"--format", "jsonl"});
  std::filesystem::remove_all(folder_ + "/data");
  const std::string copy = file("f.jsonl", json.out);
  EXPECT_EQ(import({"--add", copy}).exit_code, kExitBadInput) << "no interval is told";
  const Outcome again = import({"--add", "--interval", "1800", copy});
  EXPECT_EQ(again.exit_code, kExitDone) << again.err;
  EXPECT_EQ(rows({"--format", "jsonl"}).out, json.out);
}

TEST_F(Import, WhatIsExportedInAnotherFormatComesBack) {
  const std::string path = file("h.csv", kHead + nem12_day("20040201", "1.5", 48) + "900\n");
  ASSERT_EQ(import({"--add", path}).exit_code, kExitDone);
  for (const char* format : {"nem12", "cmep", "espi", "cim"}) {
    const Outcome out = rows({"--format", format});
    EXPECT_EQ(out.exit_code, kExitDone) << out.err;
    const Outcome again = import({"--meter", "MET1", file("again", out.out)});
    EXPECT_EQ(again.exit_code, kExitDone) << format << again.err;
    EXPECT_NE(again.out.find("48 values of 1 series; 0 new, 48 known already, 0 corrected"),
              std::string::npos)
        << format << ": " << again.out;
  }
  const Outcome mscons = rows({"--format", "mscons", "--sender", "9900000000001"});
  EXPECT_NE(mscons.out.find("PIA+5+1-1?:1.29.0:SRW'"), std::string::npos);
  EXPECT_EQ(rows({"--format", "parquet"}).out.substr(0, 4), "PAR1");
  EXPECT_EQ(rows({"--format", "papyrus"}).exit_code, kExitUsage);
}

// A multiplier that changes in mid-file, garbled and repeated rows: told with file, line and
// reason; the good rows are kept, with --atomic none; the same file again changes nothing.
TEST_F(Import, ABadFileKeepsItsGoodRowsOrNoneAndTwiceIsOnce) {
  const std::string text = kHead + nem12_day("20040201", "1.5", 48) + "300,2004020,1\n" +
                           nem12_day("20040202", "2.5", 48) + nem12_day("20040202", "2.5", 48) +
                           "900\n";
  const std::string path = file("bad.csv", text);
  const Outcome none = import({"--add", "--atomic", path});
  EXPECT_EQ(none.exit_code, kExitBadInput);
  EXPECT_NE(none.out.find("nothing kept (--atomic)"), std::string::npos) << none.out;
  EXPECT_EQ(rows().out.find("MET1"), std::string::npos);
  const Outcome kept = import({"--add", path});
  EXPECT_EQ(kept.exit_code, kExitBadInput);
  EXPECT_NE(kept.err.find("bad.csv:4: "), std::string::npos) << kept.err;
  EXPECT_NE(kept.out.find("96 new"), std::string::npos) << kept.out;
  const std::string before = rows().out;
  const Outcome again = import({path});
  EXPECT_NE(again.out.find("0 new, 144 known already, 0 corrected"), std::string::npos)
      << again.out;
  EXPECT_EQ(rows().out, before);
}

// With --atomic a file that is refused for one meter leaves no trace of the others it would have
// added; a good one adds and keeps all.
TEST_F(Import, ARefusedFileAddsNoMeters) {
  const auto devices = [&] {
    const auto store = store::open_embedded(folder_ + "/data", {}).value();
    std::string serials;
    const auto all = store->registry().devices().value();
    for (const Device& d : all) serials += d.serial + " ";
    return serials;
  };
  ASSERT_EQ(
      import({"--add", file("a.csv", kHead + nem12_day("20040201", "1", 48) + "900\n")}).exit_code,
      kExitDone);
  const std::string before = devices();
  std::string other = kHead;
  for (std::size_t at; (at = other.find("MET1")) != std::string::npos;)
    other.replace(at, 4, "MET2");
  other += nem12_day("20040202", "1", 48);
  std::string varh = kHead;  // of a channel that is in Wh
  varh.replace(varh.find("kWh"), 3, "kVArh");
  const std::string second = varh.substr(varh.find("200,"));
  const Outcome refused =
      import({"--add", "--atomic",
              file("b.csv", other + second + nem12_day("20040202", "1", 48) + "900\n")});
  EXPECT_EQ(refused.exit_code, kExitBadInput);
  EXPECT_NE(refused.err.find("the channel import is in Wh, the file in varh"), std::string::npos)
      << refused.err;
  EXPECT_NE(refused.out.find("nothing kept (--atomic)"), std::string::npos) << refused.out;
  EXPECT_EQ(devices(), before);
  const Outcome kept = import({"--add", "--atomic", file("c.csv", other + "900\n")});
  EXPECT_EQ(kept.exit_code, kExitDone) << kept.err;
  EXPECT_NE(kept.out.find("added 1 meters, 1 channels"), std::string::npos) << kept.out;
  EXPECT_EQ(devices(), before + "MET2 ");
}

// The later block of a day holds; what came first stays as its older version.
TEST_F(Import, ADayThatIsThereTwiceWithOtherValuesIsCorrectedOnce) {
  const std::string path = file("two.csv", kHead + nem12_day("20040201", "1.5", 48) +
                                               nem12_day("20040201", "2.5", 48) + "900\n");
  const Outcome first = import({"--add", path});
  EXPECT_NE(first.out.find("48 new, 0 known already, 48 corrected"), std::string::npos)
      << first.out;
  const std::string before = rows().out;
  EXPECT_NE(before.find(",2500,A,"), std::string::npos) << before.substr(0, 300);
  const Outcome again = import({path});
  EXPECT_NE(again.out.find("0 new, 96 known already, 0 corrected"), std::string::npos) << again.out;
  EXPECT_EQ(rows().out, before);
}

TEST_F(Import, SumsOfHoursAndEventsGoOut) {
  ASSERT_EQ(import({"--add", file("h.csv", kHead + nem12_day("20040201", "1.5", 48) + "900\n")})
                .exit_code,
            kExitDone);
  const Outcome hours = rows({"--format", "espi", "--bins", "1h"});
  EXPECT_EQ(hours.exit_code, kExitDone) << hours.err;
  EXPECT_NE(hours.out.find("<intervalLength>3600</intervalLength>"), std::string::npos);
  EXPECT_NE(hours.err.find("48 readings of 1 channels"), std::string::npos) << hours.err;
  const std::string one = "<value>3000000</value>";
  std::size_t found = 0;
  for (std::size_t at = hours.out.find(one); at != std::string::npos;
       at = hours.out.find(one, at + 1))
    ++found;
  EXPECT_EQ(found, 24u);
  EXPECT_EQ(rows({"--format", "csv", "--bins", "1h"}).exit_code, kExitUsage);
  const Outcome events = rows({"--format", "cim-events"});
  EXPECT_EQ(events.exit_code, kExitDone) << events.err;
  EXPECT_NE(events.out.find("<EndDeviceEvents"), std::string::npos);
}

// How a substitute came to be is kept, and goes out as it came in; a value that replaces it has
// none.
TEST_F(Import, TheMethodOfASubstituteComesBackInThe400Records) {
  std::string day = nem12_day("20040201", "1.5", 48);
  day.replace(day.rfind(",A,"), 3, ",V,");
  day += "400,1,20,A,,\n400,21,24,E52,,\n400,25,30,S14,,\n400,31,31,F16,,\n400,32,48,A,,\n";
  const std::string path = file("m.csv", kHead + day + nem12_day("20040202", "2", 48) + "900\n");
  ASSERT_EQ(import({"--add", path}).exit_code, kExitDone);
  const auto records = [&] {
    std::string text;
    std::istringstream lines(rows({"--format", "nem12"}).out);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("400,")) text += line.substr(4) + " ";
    }
    return text;
  };
  EXPECT_EQ(records(), "1,20,A,, 21,24,E52,, 25,30,S14,, 31,31,F16,, 32,48,A,, ");
  ASSERT_EQ(
      import({"--meter", "MET1", file("again.csv", rows({"--format", "nem12"}).out)}).exit_code,
      kExitDone);
  EXPECT_EQ(records(), "1,20,A,, 21,24,E52,, 25,30,S14,, 31,31,F16,, 32,48,A,, ");
  ASSERT_EQ(import({file("n.csv", kHead + nem12_day("20040201", "1.6", 48) + "900\n")}).exit_code,
            kExitDone);
  EXPECT_EQ(records(), "") << "measured values have replaced them";
}

TEST_F(Import, WhatIsNoFileOfAKnownFormatSaysSo) {
  const Outcome garbage = import({file("g.bin", std::string("\x01\x02\0\x03garbage", 11))});
  EXPECT_EQ(garbage.exit_code, kExitBadInput);
  EXPECT_NE(garbage.err.find("it begins like none of the formats"), std::string::npos);
  EXPECT_EQ(import({folder_ + "/absent.csv"}).exit_code, kExitFailed);
  EXPECT_EQ(run(import_command, {"--data", folder_}).exit_code, kExitUsage);
  EXPECT_EQ(run(import_command, {"--help"}).exit_code, kExitDone);
}

}  // namespace
}  // namespace amity::app
