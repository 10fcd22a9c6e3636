// What a NEM12 file says of its values beside the numbers: quality, method, reason code and
// description of the 300 and 400 records, in and out again.
#include <algorithm>
#include <map>
#include <sstream>

#include "app/import_test_support.h"
#include "app/kept_methods.h"
#include "exchange/formats.h"
#include "exchange/nem12_reader.h"
#include "store/store.h"

namespace amity::app {
namespace {

using namespace amity::app::testing;

// "V 1-20 F14,76, | 21-24 A,, | ..." of each meter, suffix and date; the later one counts.
using Told = std::map<std::string, std::string>;

std::vector<std::string> fields_of(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> fields(1);
  for (const char c : line) c == ',' ? (void)fields.emplace_back() : fields.back().push_back(c);
  for (std::string& f : fields) {
    f.erase(0, f.find_first_not_of(' '));
    f.erase(f.find_last_not_of(' ') + 1);
  }
  fields.resize(std::max<std::size_t>(fields.size(), 310));
  return fields;
}

Told told_by(const std::string& text) {
  Told told;
  std::istringstream lines(text);
  std::string who, key;
  std::size_t slots = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto f = fields_of(line);
    if (f[0] == "200") {
      who = (f[6].empty() ? f[1] : f[6]) + " " + (f[4].empty() ? f[3] : f[4]);
      slots = 1'440 / std::stoul(f[8]);
    } else if (f[0] == "300") {
      key = who + " " + f[1];
      told[key] = f[2 + slots] + "," + f[3 + slots] + "," + f[4 + slots];
    } else if (f[0] == "400") {
      told[key] += " | " + f[1] + "-" + f[2] + " " + f[3] + "," + f[4] + "," + f[5];
    }
  }
  return told;
}

class Text : public exchange::ZipSink {
 public:
  void on_member(std::string_view) override {}
  void on_bytes(std::string_view bytes) override { text += bytes; }
  void on_member_end() override { text += '\n'; }
  std::string text;
};

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!bytes.starts_with("PK")) return bytes;
  Text out;
  exchange::ZipStream zip(out);
  EXPECT_TRUE(zip.feed(bytes).ok());
  return out.text;
}

class Nem12 : public ImportTest {
 protected:
  std::string exported(const std::string& from, const std::string& to) {
    return run(export_command,
               {"--data", folder_ + "/data", "--format", "nem12", "--from", from, "--to", to})
        .out;
  }
  struct Trip {
    std::size_t days = 0, with_reason = 0, of_ranges = 0;
    std::string differs;  // "METER SUFFIX DATE: what the file told -> what came out; "
  };
  Trip round_trip(const std::filesystem::path& path) {
    const Told before = told_by(text_of(path));
    std::filesystem::remove_all(folder_ + "/data");
    import({"--add", path.string()});
    std::string first = "99", last = "00";
    for (const auto& [key, told] : before) {
      first = std::min(first, key.substr(key.size() - 8));
      last = std::max(last, key.substr(key.size() - 8));
    }
    const auto date = [](const std::string& d, int more) {
      const auto begin = from_iso(d.substr(0, 4) + "-" + d.substr(4, 2) + "-" + d.substr(6));
      return to_iso(*begin + more * std::int64_t{86'400});
    };
    const Told after = told_by(exported(date(first, -2), date(last, 2)));
    Trip trip;
    for (const auto& [key, told] : before) {
      const auto found = after.find(key);
      const std::string became = found == after.end() ? "nothing" : found->second;
      if (became != told) trip.differs += key + ": " + told + " -> " + became + ";";
      ++trip.days;
      trip.of_ranges += told.find('|') != std::string::npos;
      for (std::size_t at = told.find(','); at != std::string::npos; at = told.find(',', at + 1)) {
        if (at + 1 == told.size() || told[at + 1] == ',' || told[at + 1] == ' ') continue;
        ++trip.with_reason;
        break;
      }
    }
    for (const auto& [key, told] : after) {
      if (!before.contains(key)) trip.differs += key + ": nothing -> " + told + ";";
    }
    return trip;
  }
};

// Every file of the samples that has 300 records, as its 300 and 400 records say it; `nothing`: the
// day is not in the export. All but these come out as they were:
// - V1 is a voltage of 10 minutes without a unit: NEM12's export holds energy of 5, 15 and 30;
// - the files of invalid/ have days whose values, or whose quality V, do not make a day: the import
//   refuses them with line and reason.
constexpr const char* kDiffer = R"(
Example_different_intervals.zip
  C123 V1 20040402: A,, -> nothing;
invalid/Example_NEM12_15min_200_30min_300.csv
  123 E1 20230225: ,, | 1-47 A,, | 48-48 N,, -> nothing;
invalid/Example_NEM12_15min_200_30min_400.csv
  123 E1 20230225: V,, | 1-24 A,, | 25-48 N,, -> nothing;
invalid/Example_NEM12_30min_200_15min_300.csv
  123 E1 20230225: 480,490,500 | 1-47 A,, | 48-48 N,, -> nothing;
invalid/Example_NEM12_30min_200_15min_400.csv
  123 E1 20230225: 480,490,500 | 1-48 V,, | 49-96 N,, -> nothing;
invalid/Example_NEM12_incomplete_interval.csv
  METSER123 E1 20040201: ,, -> nothing;
unzipped/Example_NEM12_different_interval_length.csv
  C123 V1 20040402: A,, -> nothing;)";

TEST_F(Nem12, QualitiesMethodsAndReasonsOfEveryRealFileComeOutAsTheyWere) {
  const auto tar = std::filesystem::path(AMITY_SOURCE_DIR) /
                   "../shared/data/nem12_samples/nem12_nem13_examples.tar.xz";
  if (!std::filesystem::exists(tar)) GTEST_SKIP() << tar << " is not there";
  const std::string samples = folder_ + "/samples";
  std::filesystem::create_directories(samples);
  const std::string command = "tar -xJf '" + tar.string() + "' -C '" + samples + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(samples)) {
    if (entry.is_regular_file() && !told_by(text_of(entry)).empty()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  Trip all;
  std::size_t same = 0;
  std::string differ;
  for (const auto& path : files) {
    const Trip trip = round_trip(path);
    all.days += trip.days;
    all.with_reason += trip.with_reason;
    all.of_ranges += trip.of_ranges;
    same += trip.differs.empty();
    if (!trip.differs.empty())
      differ += "\n" + path.lexically_relative(samples).string() + "\n  " + trip.differs;
  }
  EXPECT_EQ(differ, kDiffer);
  EXPECT_EQ(files.size(), 73u);
  EXPECT_EQ(same, 66u);
  EXPECT_EQ(all.days, 711u);
  EXPECT_EQ(all.of_ranges, 44u) << "days with 400 records";
  EXPECT_EQ(all.with_reason, 45u) << "days with a reason in the 300 or a 400 record";
}

TEST_F(Nem12, AReasonIsOfItsValue) {
  std::string day = nem12_day("20040201", "1.5", 48);
  day.replace(day.rfind(",A,,,"), 5, ",V,,,");
  day +=
      "400,1,20,A,89,\n400,21,24,E52,77,Estimation Forecast\n400,25,30,S14,,\n"
      "400,31,31,F16,0,\"by agreement; \xC3\xA9\"\n400,32,48,A,,\n";
  std::string whole = nem12_day("20040202", "2", 48);
  whole.replace(whole.rfind(",A,,,"), 5, ",S14,76,Communications Fault,");
  const std::string text = kHead + day + whole + "900\n";
  const Told told = told_by(text);
  const std::string path = file("r.csv", text);
  ASSERT_EQ(import({"--add", path}).exit_code, kExitDone);
  const auto out = [&] { return exported("2004-01-30", "2004-02-05"); };
  EXPECT_EQ(told_by(out()), told);
  EXPECT_NE(import({path}).out.find("0 new, 96 known already"), std::string::npos);
  EXPECT_EQ(told_by(out()), told) << "the same file twice changes nothing";
  const std::string copy = file("again.csv", out());
  std::filesystem::remove_all(folder_ + "/data");
  ASSERT_EQ(import({"--add", copy}).exit_code, kExitDone);
  EXPECT_EQ(told_by(out()), told) << "nor does a second trip";
  // A value that comes otherwise has no reason of the file's, and a file without one takes it off.
  {
    const auto store = store::open_embedded(folder_ + "/data", {}).value();
    KeptMethods kept(store->registry());
    const auto readings = store->readings().read(ChannelId(1), *from_iso("2004-01-31T13:59:59Z"),
                                                 *from_iso("2004-01-31T14:30:00Z"));
    Reading first = readings.value().at(0);
    EXPECT_EQ(kept.of(first).value().reason, "89");
    first.value += 1;
    EXPECT_EQ(kept.of(first).value().reason, "");
  }
  ASSERT_EQ(import({file("n.csv", kHead + nem12_day("20040202", "2", 48) + "900\n")}).exit_code,
            kExitDone);
  EXPECT_EQ(told_by(out()).at("MET1 E1 20040202"), "A,,");
}

TEST_F(Nem12, AReasonThatCannotBeIsToldAndTheDayIsKept) {
  std::string day = nem12_day("20040201", "1.5", 48);
  day.replace(day.rfind(",A,,,"), 5, ",S14,7X,,");
  std::string other = nem12_day("20040202", "1.5", 48);
  other.replace(other.rfind(",A,,,"), 5, ",S14,76," + std::string(241, 'x') + ",");
  std::string varies = nem12_day("20040203", "1.5", 48);
  varies.replace(varies.rfind(",A,,,"), 5, ",V,76,,");
  const Outcome told =
      import({"--add", file("w.csv", kHead + day + other + varies + "400,1,48,S14,12,\n900\n")});
  EXPECT_EQ(told.exit_code, kExitDone) << told.err;
  EXPECT_NE(told.err.find("w.csv:3: note: the reason code '7X' is not kept: it is no number of one "
                          "to three digits"),
            std::string::npos)
      << told.err;
  EXPECT_NE(told.err.find("w.csv:4: note: the reason 'xxx"), std::string::npos) << told.err;
  EXPECT_NE(told.err.find("it has 241 characters, 240 are allowed"), std::string::npos);
  EXPECT_NE(told.err.find("w.csv:5: note: a reason beside the quality V is not kept"),
            std::string::npos);
  EXPECT_NE(told.out.find("144 new"), std::string::npos) << told.out;
  EXPECT_EQ(told_by(exported("2004-01-30", "2004-02-05")), (Told{{"MET1 E1 20040201", "S14,,"},
                                                                 {"MET1 E1 20040202", "S14,,"},
                                                                 {"MET1 E1 20040203", "S14,12,"}}))
      << "400 records that say the same of the whole day are the 300 record's";
}

// What earlier releases have written is read, and written so where there is no reason.
TEST_F(Nem12, KeptMethodsOfVersion1) {
  const auto store = store::open_embedded(folder_ + "/data", {}).value();
  const std::pair<std::string, Bytes> old{"method/0000000007/00012449",
                                          {1, 2, 0x88, 0x0E, 14, 0x88, 0x0E, 152}};
  ASSERT_TRUE(store->registry().put_values(std::span(&old, 1)).ok());
  const UtcSeconds begin = UtcDay(12'449).start();
  const Quality estimated = Quality{}.with(QualityFlag::kEstimated);
  KeptMethods kept(store->registry());
  EXPECT_EQ(kept.of({ChannelId(7), begin + 1'800, 5, estimated}).value().method, 14);
  EXPECT_EQ(kept.of({ChannelId(7), begin + 3'600, 5, estimated}).value().method, 152);
  EXPECT_EQ(kept.of({ChannelId(7), begin + 5'400, 5, estimated}).value().method, 0);
  const auto bytes = [&] {
    Bytes out;
    EXPECT_TRUE(store->registry()
                    .each_value(old.first, [&](const std::string&, ByteView v) { append(out, v); })
                    .ok());
    return to_hex(out);
  };
  ASSERT_TRUE(kept.set({ChannelId(7), begin + 3'600, 5, estimated}, {}).ok());
  ASSERT_TRUE(kept.save().ok());
  EXPECT_EQ(bytes(), "0101880E0E");
  ASSERT_TRUE(kept.set({ChannelId(7), begin + 3'600, 5, estimated}, {0, "1"}).ok());
  ASSERT_TRUE(kept.save().ok());
  EXPECT_EQ(bytes(), "0201013102880E0E00880E00010A0040") << "version 2, with a reason";
  KeptMethods again(store->registry());
  EXPECT_EQ(again.of({ChannelId(7), begin + 3'600, 5, estimated}).value().reason, "1");
  EXPECT_EQ(again.of({ChannelId(7), begin + 1'800, 5, estimated}).value().method, 14);
}

// A CSV with a column of codes: kept, exported again; unknown codes refuse their rows.
TEST_F(Nem12, CodesOfACsvGoOutInTheirRecords) {
  const std::string mapping =
      file("map.toml",
           "[columns]\nmeter=\"m\"\ntime=\"t\"\nvalue=\"v\"\ncode=\"c\"\n[series]\nunit=\"kWh\"\n"
           "[time]\nformat=\"YYYY-MM-DD hh:mm\"\nzone=\"Australia/Brisbane\"\ninterval_s=1800\n"
           "[code]\nmeasured=\"A\"\n\"like day\"=\"S14\"\nagreed=\"F16\"\n");
  std::string text = "m,t,v,c\n";
  for (int i = 1; i <= 48; ++i) {
    const char* code = i <= 20 ? "measured" : i <= 30 ? "like day" : i == 31 ? "agreed" : "";
    const std::string minute = i % 2 == 1 ? ":30" : ":00";
    const int hour = i / 2;
    text += "M1,2004-02-01 " + std::string(hour < 10 ? "0" : "") + std::to_string(hour) + minute +
            ",0.5," + code + "\n";
  }
  const std::string path = file("codes.csv", text);
  const Outcome first = import({"--add", "--mapping", mapping, path});
  ASSERT_EQ(first.exit_code, kExitDone) << first.err;
  EXPECT_NE(first.out.find("48 new"), std::string::npos) << first.out;
  const Told told{{"M1 E1 20040201", "V,, | 1-20 A,, | 21-30 S14,, | 31-31 F16,, | 32-48 A,,"}};
  EXPECT_EQ(told_by(exported("2004-01-30", "2004-02-05")), told);
  const Outcome again = import({"--add", "--mapping", mapping, path});
  EXPECT_NE(again.out.find("0 new, 48 known already, 0 corrected"), std::string::npos);
  EXPECT_EQ(told_by(exported("2004-01-30", "2004-02-05")), told);
  const Outcome bad =
      import({"--mapping", mapping, file("bad.csv", "m,t,v,c\nM1,2004-02-02 00:30,1,guessed\n")});
  EXPECT_EQ(bad.exit_code, kExitBadInput);
  EXPECT_NE(bad.err.find("bad.csv:2: the mapping does not tell what the code 'guessed' means"),
            std::string::npos)
      << bad.err;
}

}  // namespace
}  // namespace amity::app
