// `amity export --format parquet`, read by DuckDB, against `--format jsonl` of the same store:
// every row and every column, raw and final.
#include <cstdlib>
#include <future>

#include "app/import_test_support.h"
#include "store/store.h"

namespace amity::app {
namespace {

using namespace amity::app::testing;

constexpr UtcSeconds kStart(1'075'557'600);  // 2004-02-01, UTC+10

class ExportParquet : public ImportTest {
 protected:
  // Two meters, a day of half hours each: one that says estimated itself, one with three decimals
  // below the watt hour and a name that every format must escape; and a register.
  void fill() {
    std::string day = "300,20040201";
    for (int i = 1; i <= 48; ++i) day += "," + std::to_string(i) + ".000125";
    const std::string second =
        "200,NMI2,E1,1,E1,N1,MET \"2\",kWh,30,\n" + day + ",S14,,,20040202120025,\n";
    const Outcome done = import(
        {"--add", file("a.csv", kHead + nem12_day("20040201", "1.25", 48) + second + "900\n")});
    ASSERT_EQ(done.exit_code, kExitDone) << done.err;
    const std::string mapping =
        file("m.toml",
             "[columns]\ntime = 1\nvalue = 2\n[file]\nheader = false\n"
             "[series]\nmeter = \"MET1\"\nchannel = \"total\"\nregister = true\n"
             "[time]\nformat = \"iso\"\n");
    const Outcome more =
        import({"--add", "--mapping", mapping,
                file("r.csv", "2004-02-01T00:00:00Z,1000.5\n2004-02-01T12:00:00Z,-3\n")});
    ASSERT_EQ(more.exit_code, kExitDone) << more.err;
  }

  // Of the first meter's day: two estimates, an edit, a late actual.
  void settle() {
    const auto store = store::open_embedded(folder_ + "/data", {});
    ASSERT_TRUE(store.ok());
    const auto device = (*store)->registry().device_by_serial("MET1");
    ASSERT_TRUE(device.ok() && *device);
    const auto channels = (*store)->registry().channels_of((*device)->id);
    ReadingsFinal fact;
    fact.day.channel = channels->front().id;
    fact.day.day = 12'449;  // 2004-02-01
    fact.day.start = kStart;
    fact.day.length_s = 86'400;
    fact.day.interval_s = 1'800;
    fact.day.revision = 1;
    fact.decision = {kStart + 90'000, "vee", "validated", "", {}};
    const auto at = [](int slot) { return kStart + (slot + 1) * 1'800; };
    fact.versions = {{at(0), 2, {777, FinalOrigin::kEstimated, 17, true}, std::nullopt},
                     {at(1), 2, {888, FinalOrigin::kEstimated, 15, false}, std::nullopt},
                     {at(2), 2, {999, FinalOrigin::kEdited, 16, false}, std::nullopt},
                     {at(3), 3, {1'111, FinalOrigin::kActual, 0, false}, std::nullopt}};
    std::promise<bool> durable;
    (*store)->journal().append(Fact(std::move(fact)),
                               [&](Result<store::Sequence> done) { durable.set_value(done.ok()); });
    ASSERT_TRUE(durable.get_future().get());
  }

  // What DuckDB tells of both; "" where it is not to be had.
  std::string compared(const std::string& view) {
    const std::string parquet =
        file("out.parquet", rows({"--format", "parquet", "--view", view}).out);
    const std::string jsonl = file("out.jsonl", rows({"--format", "jsonl", "--view", view}).out);
    const std::string told = folder_ + "/told.txt";
    const std::string check = std::string(AMITY_SOURCE_DIR) + "/tests/parquet_check";
    const int status =
        std::system(("'" + check + "' '" + parquet + "' '" + jsonl + "' > '" + told + "'").c_str());
    if (WEXITSTATUS(status) == 77) return {};
    EXPECT_EQ(status, 0);
    std::ifstream in(told);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

const std::string kNoneDiffers =
    "serial differs 0\nname differs 0\nunit differs 0\nutc differs 0\nvalue differs 0\n"
    "quality differs 0\nflags differs 0\ncode differs 0\n";

TEST_F(ExportParquet, EveryRawRowIsAsInJsonLines) {
  fill();
  const std::string told = compared("raw");
  if (told.empty()) GTEST_SKIP() << "npm's @duckdb/node-api is not to be had here";
  EXPECT_EQ(told, "rows 98 98\n" + kNoneDiffers +
                      "without a code 98\ncodes A 50, E14 48\ndurations 0 2, 1800 96\n"
                      "points MET \"2\"  48, MET1  50\n");
}

TEST_F(ExportParquet, EveryFinalRowIsAsInJsonLinesWithItsCode) {
  fill();
  settle();
  const std::string told = compared("final");
  if (told.empty()) GTEST_SKIP() << "npm's @duckdb/node-api is not to be had here";
  EXPECT_EQ(told, "rows 48 48\n" + kNoneDiffers +
                      "without a code 0\ncodes A 45, E15 1, E17 1, F16 1\ndurations 1800 48\n"
                      "points MET1  48\n");
}

}  // namespace
}  // namespace amity::app
