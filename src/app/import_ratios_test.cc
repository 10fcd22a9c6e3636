// A meter whose transformers were exchanged, through CMEP and in again: the totals are the same.
#include "app/import_ratios.h"

#include <cstdlib>

#include "app/import_test_support.h"
#include "exchange/formats.h"
#include "store/store.h"

namespace amity::app {
namespace {

using namespace amity::app::testing;

std::string hour_minute(int minutes) {
  const int h = minutes / 60, m = minutes % 60;
  return std::string(h < 10 ? "0" : "") + std::to_string(h) + (m < 10 ? "0" : "") +
         std::to_string(m);
}

// Half hours first .. last of 2004-02-01, each as many Wh as its number.
std::string half_hours(const std::string& meter, int multiplier, int first, int last) {
  std::string text = "MEPMD01,19970819,S,,R,,200402021200," + meter + ",OK,E,KWH," +
                     std::to_string(multiplier) + ",00000030," + std::to_string(last - first + 1);
  for (int i = first; i <= last; ++i) {
    const bool midnight = i == 48;
    text += std::string(",") + (midnight ? "20040202" : "20040201") +
            hour_minute(midnight ? 0 : 30 * i) + ",,0." + std::to_string(1'000 + i).substr(1);
  }
  return text + "\r\n";
}
std::string dial(const std::string& meter, int multiplier, const std::string& readings, int count) {
  return "MEPMD01,19970819,S,,R,,200402021200," + meter + ",OK,E,KWHREG," +
         std::to_string(multiplier) + ",00000000," + std::to_string(count) + readings + "\r\n";
}

class Ratios : public ImportTest {
 protected:
  // "import 40 until 12:00 80: 1176 counted, 70560 Wh" of each channel.
  std::string kept() {
    const auto store = store::open_embedded(folder_ + "/data", {}).value();
    std::string text;
    const UtcSeconds begin = *from_iso("2004-02-01T00:00:00Z");
    const auto channels = store->registry().channels().value();
    for (const Channel& c : channels) {
      text += c.name + " " + std::to_string(c.multiplier);
      for (const MultiplierStep& s : c.steps)
        text += " until " + to_iso(s.from).substr(11, 5) + " " + std::to_string(s.multiplier);
      std::int64_t counted = 0, energy = 0;
      std::optional<Reading> last;
      const auto readings = store->readings().read(c.id, begin - 1, begin + 86'400).value();
      for (const Reading& r : readings) {
        if (c.kind == ChannelKind::kInterval) {
          counted += r.value;
          energy += r.value * c.multiplier_of(r.time);
        } else if (last) {
          counted += r.value - last->value;
          energy += (r.value - last->value) * c.multiplier_at(last->time);
        }
        last = r;
      }
      text += ": " + std::to_string(counted) + " counted, " + std::to_string(energy) + " Wh\n";
    }
    return text;
  }
  std::string constants_of(const std::string& cmep) {
    std::string text;
    std::istringstream lines(cmep);
    for (std::string line; std::getline(lines, line);) {
      std::vector<std::string> f(1);
      for (const char c : line) c == ',' ? (void)f.emplace_back() : f.back().push_back(c);
      text += f[10] + " x " + f[11] + ": " + f[13] + " from " + f[14].substr(8) + "; ";
    }
    return text;
  }
};

// 1 to 23 are 276, 24 is of both, 25 to 48 are 876; the dial was read at 11:40: 8 of the 24 before.
const std::string kFile = half_hours("CT1", 40, 1, 24) + half_hours("CT1", 80, 25, 48) +
                          dial("CT1", 40, ",200402010000,,10.000,200402011140,,10.284", 2) +
                          dial("CT1", 80, ",200402020000,,11.176", 1);

TEST_F(Ratios, AnExportAcrossAChangeComesInAgainWithTheSameTotals) {
  const Outcome first = import({"--add", file("ct.cmep", kFile)});
  ASSERT_EQ(first.exit_code, kExitDone) << first.err;
  EXPECT_NE(first.err.find("ct.cmep:2: note: 'CT1' import: the multiplier changes from 40 to 80 at "
                           "2004-02-01T12:00:00Z"),
            std::string::npos)
      << first.err;
  const std::string wanted =
      "import 40 until 11:40 80: 1176 counted, 82080 Wh\n"
      "import_register 40 until 11:40 80: 1176 counted, 82720 Wh\n";
  EXPECT_EQ(kept(), wanted)
      << "the register tells that 640 Wh of the interval are behind the change";
  const Outcome out = rows({"--format", "cmep"});
  ASSERT_EQ(out.exit_code, kExitDone) << out.err;
  EXPECT_EQ(
      constants_of(out.out),
      "KWH x 40: 24 from 0030; KWH x 80: 24 from 1230; KWHREG x 40: 2 from 0000; KWHREG x 80: "
      "1 from 0000; ");
  const std::string copy = file("again.cmep", out.out);
  const Outcome same = import({copy});
  EXPECT_EQ(same.exit_code, kExitDone) << same.err;
  EXPECT_NE(same.out.find("51 values of 2 series; 0 new, 51 known already, 0 corrected"),
            std::string::npos)
      << same.out;
  EXPECT_EQ(kept(), wanted);
  std::filesystem::remove_all(folder_ + "/data");
  const Outcome fresh = import({"--add", "--atomic", copy});
  EXPECT_EQ(fresh.exit_code, kExitDone) << fresh.err;
  EXPECT_EQ(kept(), wanted) << "in another directory";
  EXPECT_EQ(import({"--add", copy}).exit_code, kExitDone);
  EXPECT_EQ(kept(), wanted) << "twice changes nothing";
}

// Formats that have no multiplier tell what was used, on either side of the change.
TEST_F(Ratios, AMarketIsToldWhatWasUsed) {
  ASSERT_EQ(import({"--add", file("ct.cmep", kFile)}).exit_code, kExitDone);
  for (const char* format : {"nem12", "espi", "cim"}) {
    const Outcome out = rows({"--format", format, "--channel", "import"});
    std::filesystem::rename(folder_ + "/data", folder_ + "/mine");
    const Outcome in = import({"--add", "--meter", "CT1", file("used", out.out)});
    EXPECT_EQ(in.exit_code, kExitDone) << format << in.err;
    EXPECT_EQ(kept(), "import 1: 82080 counted, 82080 Wh\n") << format;
    std::filesystem::remove_all(folder_ + "/data");
    std::filesystem::rename(folder_ + "/mine", folder_ + "/data");
  }
}

TEST_F(Ratios, AChangeThatMasterDataDoNotKnowIsRefusedAndTheRestKept) {
  ASSERT_EQ(import({"--add", file("old.cmep", half_hours("CT1", 40, 1, 10))}).exit_code, kExitDone);
  const std::string path = file("ct.cmep", kFile);
  const Outcome none = import({"--add", "--atomic", path});
  EXPECT_EQ(none.exit_code, kExitBadInput);
  EXPECT_NE(none.err.find("import has the multiplier 40 at 2004-02-01T12:00:00Z, the file 80"),
            std::string::npos)
      << none.err;
  EXPECT_NE(kept().find("import 40: 55 counted, 2200 Wh\n"), std::string::npos) << kept();
  const Outcome some = import({"--add", path});
  EXPECT_EQ(some.exit_code, kExitBadInput);
  EXPECT_NE(some.err.find("ct.cmep:2: the channel import has the multiplier 40, the file 80"),
            std::string::npos)
      << some.err;
  EXPECT_NE(kept().find("import 40: 300 counted, 12000 Wh\n"), std::string::npos) << kept();
}

// Master data have the change at another time than the file: what both agree about is kept.
TEST_F(Ratios, AChangeAtAnotherTimeIsToldWithItsLine) {
  ASSERT_EQ(import({"--add", file("ct.cmep", kFile)}).exit_code, kExitDone);
  const Outcome other =
      import({file("o.cmep", half_hours("CT1", 40, 1, 20) + half_hours("CT1", 80, 21, 48))});
  EXPECT_EQ(other.exit_code, kExitBadInput);
  EXPECT_NE(other.err.find("o.cmep:2: import has the multiplier 40 at 2004-02-01T10:00:00Z, the "
                           "file 80: left out"),
            std::string::npos)
      << other.err;
  EXPECT_NE(other.out.find("0 new, 44 known already"), std::string::npos) << other.out;
}

// Own rows do not tell a multiplier: they are what the meter counted, on either side.
TEST_F(Ratios, OwnRowsOfAMeterWithTransformersComeBack) {
  ASSERT_EQ(import({"--add", file("ct.cmep", kFile)}).exit_code, kExitDone);
  const Outcome json = rows({"--format", "jsonl"});
  const Outcome again = import({file("own.jsonl", json.out)});
  EXPECT_EQ(again.exit_code, kExitDone) << again.err;
  EXPECT_NE(again.out.find("0 new, 51 known already"), std::string::npos) << again.out;
}

TEST_F(Ratios, WhereAFileSaysThatTheRatiosChanged) {
  const auto series = [](ChannelKind kind, std::int64_t after, std::int64_t from, std::int64_t m) {
    exchange::SeriesSummary s;
    s.series.kind = kind;
    s.multipliers = {{m, UtcSeconds(after), UtcSeconds(from), 1}};
    return s;
  };
  const auto at = [](const std::vector<exchange::SeriesSummary>& all) {
    std::string text;
    for (const FileRatio& r : ratios_in(all))
      text += std::to_string(r.at.value) + " x " + std::to_string(r.multiplier) + "; ";
    return text;
  };
  constexpr auto kI = ChannelKind::kInterval, kR = ChannelKind::kRegister;
  EXPECT_EQ(at({series(kI, 0, 1'800, 80)}), "1800 x 80; ");
  EXPECT_EQ(at({series(kI, 0, 1'800, 80), series(kI, 0, 900, 80)}), "900 x 80; ");
  EXPECT_EQ(at({series(kI, 0, 1'800, 80), series(kR, 600, 9'000, 80)}), "600 x 80; ");
  EXPECT_EQ(at({series(kR, 0, 9'000, 80), series(kI, 0, 1'800, 80)}), "1800 x 80; ");
  EXPECT_EQ(at({series(kR, 300, 9'000, 80)}), "300 x 80; ");
  EXPECT_EQ(at({series(kI, 0, 1'800, 80), series(kI, 3'600, 5'400, 60)}), "1800 x 80; 5400 x 60; ");
}

}  // namespace
}  // namespace amity::app
