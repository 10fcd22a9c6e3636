// Files that are broken, cut, of mixed encodings, of one line without an end, or a gigabyte long:
// each says where and why, the good rows are read, and memory stays what limits.h allows.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <functional>

#include "exchange/collecting_sink.h"
#include "exchange/formats.h"
#include "exchange/nem12_reader.h"
#include "exchange/series_check.h"

namespace amity::exchange {
namespace {

struct Read {
  std::size_t values = 0;
  std::vector<std::string> refused, noted;
};

using Feed = std::function<void(FileReader&)>;

Read read_fed(std::optional<FileFormat> format, const Feed& feed) {
  CollectingSink sink;
  sink.keep_values = false;
  SeriesCheck check(sink);
  FileReader reader(check, format, {TimeZone::utc(), *TimeZone::find(kNemZone), 900, {}});
  feed(reader);
  reader.finish();
  return {sink.values, sink.refused, sink.noted};
}
Read read(std::optional<FileFormat> format, std::string_view text) {
  return read_fed(format, [&](FileReader& r) { r.feed(text); });
}

std::string nem12_days(int from, int to) {
  std::string text;
  for (int day = from; day <= to; ++day) {
    text += "300,202406" + std::string(day < 10 ? "0" : "") + std::to_string(day);
    for (int i = 0; i < 48; ++i) text += ",1.5";
    text += ",A,,,20240701000000,\n";
  }
  return text;
}
const std::string kNem = "100,NEM12,202406010000,MDA1,Ret1\n200,NMI1,E1,1,E1,N1,MET1,kWh,30,\n";
const std::string kCsv = "serial,channel,name,unit,utc,local,value,quality,flags\n";
std::string csv_row(int quarter) {
  return "MET1,1,import,Wh," + to_iso(UtcSeconds(1'780'000'200) + std::int64_t{quarter} * 900) +
         ",,25,A,\n";
}

long peak_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(BadInput, GarbledRowsAreToldWithLineAndReasonAndTheOthersRead) {
  const Read r = read(FileFormat::kNem12, kNem + nem12_days(1, 1) + "300,2024-06-02,1,2\n" +
                                              "\x01\x02\xff\n" + nem12_days(3, 3) + "900\n");
  EXPECT_EQ(r.values, 96u);
  ASSERT_EQ(r.refused.size(), 2u);
  EXPECT_EQ(r.refused[0].substr(0, 2), "4:") << r.refused[0];
  EXPECT_EQ(r.refused[1].substr(0, 2), "5:") << r.refused[1];
}

TEST(BadInput, ACutFileKeepsWhatIsWholeAndSaysThatItBreaksOff) {
  const std::string whole = kNem + nem12_days(1, 2);
  const Read r = read(FileFormat::kNem12, std::string_view(whole).substr(0, whole.size() - 60));
  EXPECT_EQ(r.values, 48u);
  ASSERT_FALSE(r.refused.empty());
  EXPECT_EQ(r.refused[0].substr(0, 2), "4:") << r.refused[0];
}

TEST(BadInput, EncodingsThatMixAreReadOrRefusedLineByLine) {
  const Read r = read(FileFormat::kCsv, kCsv + csv_row(1) +
                                            "M\xfcller,1,import,Wh,2026-06-01T00:15:00Z,,7,A,\n" +
                                            std::string("a\0b\n", 4) + csv_row(2));
  EXPECT_EQ(r.values + r.refused.size(), 4u) << "a row is read or told";
  EXPECT_GE(r.values, 2u);
  EXPECT_FALSE(r.refused.empty() && r.noted.empty());
}

// A repeat is told and harmless: the later value counts. What overlaps otherwise is refused.
TEST(BadInput, DuplicateAndOverlappingRowsAreTold) {
  const Read twice = read(FileFormat::kNem12, kNem + nem12_days(1, 1) + nem12_days(1, 1) + "900\n");
  EXPECT_TRUE(twice.refused.empty());
  ASSERT_EQ(twice.noted.size(), 1u);
  EXPECT_EQ(twice.noted[0].substr(0, 2), "4:") << twice.noted[0];
  const Read rows = read(FileFormat::kCsv, kCsv + csv_row(1) + csv_row(1) + csv_row(2));
  EXPECT_TRUE(rows.refused.empty());
  ASSERT_EQ(rows.noted.size(), 1u);
  EXPECT_EQ(rows.noted[0].substr(0, 2), "3:") << rows.noted[0];
}

// 1 GiB that is one line, and rows after it.
TEST(BadInput, AnEndlessLineOfAGigabyteTakesNoMemoryAndTheRestIsRead) {
  const std::string piece(1 << 20, '7');
  const long before = peak_kb();
  for (const FileFormat format : {FileFormat::kCsv, FileFormat::kNem12}) {
    const std::string head =
        format == FileFormat::kCsv ? kCsv + csv_row(1) : kNem + nem12_days(1, 1);
    const std::string tail =
        "\n" + (format == FileFormat::kCsv ? csv_row(2) : nem12_days(2, 2) + "900\n");
    const Read r = read_fed(format, [&](FileReader& reader) {
      reader.feed(head);
      for (int i = 0; i < (format == FileFormat::kCsv ? 64 : 1'024); ++i) reader.feed(piece);
      reader.feed(tail);
    });
    EXPECT_EQ(r.values, format == FileFormat::kCsv ? 2u : 96u);
    ASSERT_EQ(r.refused.size(), 1u);
    EXPECT_EQ(r.refused[0].substr(0, 2), format == FileFormat::kCsv ? "3:" : "4:") << r.refused[0];
  }
  EXPECT_LT(peak_kb() - before, 64 * 1'024) << "more than 64 MB for lines of a gigabyte";
}

// 1 GiB of rows of which none is right: problems are told one by one, not kept by the reader.
TEST(BadInput, AGigabyteOfGarbageIsReadInBoundedMemory) {
  std::string piece;
  while (piece.size() < (1 << 20)) piece += std::string(10'000, 'x') + "\n";
  class Counter : public SeriesSink {
   public:
    void on_series(const MeterSeries&, std::size_t) override {}
    void on_value(const SeriesValue&, std::size_t) override { ++values; }
    void on_event(const MeterEvent&, std::size_t) override {}
    void on_problem(const Problem& p) override { ++problems, last = p.line; }
    std::size_t values = 0, problems = 0, last = 0;
  } sink;
  SeriesCheck check(sink);
  FileReader reader(check, FileFormat::kCsv, {TimeZone::utc(), TimeZone::utc(), 900, {}});
  const long before = peak_kb();
  reader.feed(kCsv + csv_row(1));
  for (int i = 0; i < 1'024; ++i) reader.feed(piece);
  reader.feed(csv_row(2));
  reader.finish();
  EXPECT_EQ(sink.values, 2u);
  EXPECT_GT(sink.problems, 100'000u);
  EXPECT_EQ(sink.last, sink.problems + 2);
  EXPECT_LT(peak_kb() - before, 64 * 1'024);
}

}  // namespace
}  // namespace amity::exchange

#ifdef __SANITIZE_ADDRESS__
// What was freed is not kept: the bound on memory is that of every other build.
extern "C" const char* __asan_default_options() {
  return "quarantine_size_mb=0:thread_local_quarantine_size_kb=0";
}
#endif
