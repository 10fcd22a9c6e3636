#include <gtest/gtest.h>

#include "app/vee_run.h"
#include "mdm/validate/rules_toml.h"

namespace amity::app {
namespace {

// Two days of quarter hours in Madrid, the second with a gap of three hours, and the register at
// each midnight.
TEST(Vee, FindsTheGapAndClosesItOnTheRegister) {
  VeeOptions options;
  options.rules = *mdm::rules_from_toml(mdm::default_rules_text());
  options.zone = *TimeZone::find("Europe/Madrid");
  VeeRun run(options);
  const UtcSeconds midnight = *from_iso("2026-06-01T22:00:00Z");
  std::int64_t dial = 1'000'000;
  for (int i = -96; i <= 96; ++i) {
    if (i != -96) {
      const std::int64_t value = 100 + (i + 96) % 7;
      dial += value;
      if (i <= 40 || i > 52)
        run.add({"AMY1", 1, "import", Unit::kWattHour, midnight + i * 900, {value, 0}, {}});
    }
    if (i % 96 == 0)
      run.add({"AMY1", 2, "import", Unit::kWattHour, midnight + i * 900, {dial, 0}, {}});
  }
  std::string text;
  std::int64_t sum = 0;
  ASSERT_TRUE(run.run([&](const VeeRecord& r) {
                   if (r.record == std::string("interval"))
                     sum += std::stoll(r.final);
                   else
                     text += std::string(r.record) + " " + r.rule + " " + r.outcome + ": " +
                             r.text + "\n";
                 })
                  .ok());
  EXPECT_EQ(
      text,
      "finding count fail: fail: 84 of 96 intervals are there, the longest gap is 12 intervals, at "
      "2026-06-02T10:15:00+02:00\n"
      "closure  exact: register 9885, actual 8648, estimated 1237\n");
  EXPECT_EQ(sum, 1'237);
  EXPECT_EQ(run.summary().estimated, 12u);
  EXPECT_EQ(run.summary().days_failed, 1u);
  EXPECT_EQ(run.summary().days_failed_after, 0u);
}

// The lines that are no intervals, and the estimated intervals, of a file run with facts.
struct WithFacts {
  VeeOptions options;
  std::vector<exchange::ParsedRow> rows;
  std::string text;

  explicit WithFacts(const std::string& facts, const std::string& customer_class = "residential") {
    options.rules = *mdm::rules_from_toml(mdm::default_rules_text());
    options.customer_class = customer_class;
    auto read = mdm::facts_from_toml("version = 1\n" + facts);
    EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().reason);
    if (read.ok()) options.facts = std::move(*read);
  }
  // A day of hours from midnight UTC, without those in [first, last).
  void day(const char* serial, const char* name, Unit unit, const char* date, std::int64_t value,
           int first = 0, int last = 0) {
    const UtcSeconds midnight = *from_iso(date);
    for (int h = 1; h <= 24; ++h) {
      if (h <= first || h > last)
        rows.push_back({serial, 0, name, unit, midnight + h * 3'600, {value + h % 5, 0}, {}});
    }
  }
  std::string run() {
    VeeRun vee(options);
    for (const exchange::ParsedRow& row : rows) vee.add(row);
    const Status done = vee.run([&](const VeeRecord& r) {
      if (r.record != std::string("interval") || r.code != "A")
        text += r.serial + " " + r.record + " " + r.rule + " " + r.raw + ">" + r.final + " " +
                r.code + " " + r.text + "\n";
    });
    return done.ok() ? text : done.error().reason;
  }
};

TEST(Vee, ACheckChannelARatingAndADialOfTheFacts) {
  WithFacts f(R"(
[[check]]
main = "A/import"
check = "B/import"
[[rating]]
meter = "B"
unit = "Wh"
per_hour = "202"
[[dial]]
meter = "A"
unit = "Wh"
digits = 4
)");
  f.day("A", "import", Unit::kWattHour, "2026-06-01T00:00Z", 100, 10, 13);
  f.day("B", "import", Unit::kWattHour, "2026-06-01T00:00Z", 100);
  f.rows.back().value.value = 203;  // above what the meter measures
  // 2,450 Wh in the day: the register goes on from 9,999 to 0.
  f.rows.push_back(
      {"A", 1, "import", Unit::kWattHour, *from_iso("2026-06-01T00:00Z"), {9'100, 0}, {}});
  f.rows.push_back(
      {"A", 1, "import", Unit::kWattHour, *from_iso("2026-06-02T00:00Z"), {1'550, 0}, {}});
  EXPECT_EQ(f.run(),
            "A finding count >  fail: 21 of 24 intervals are there, the longest gap is 3 "
            "intervals, at 2026-06-01T11:00:00+00:00\n"
            "A interval count >101 E11 check_channel\n"
            "A interval count >102 E11 check_channel\n"
            "A interval count >103 E11 check_channel\n"
            "A closure  >  register 2450, actual 2144, estimated 306\n"
            "B finding ceiling >  fail: 1 interval above 202 Wh, what the rating allows, the "
            "highest 203 Wh, at 2026-06-02T00:00:00+00:00\n"
            "B interval ceiling 203> N none\n"
            "B unresolved count >  fail: 23 of 24 intervals are there, the longest gap is 1 "
            "interval, at 2026-06-02T00:00:00+00:00\n");
}

// As `amity export` gives a meter: the register has a name of its own, and was read every hour.
TEST(Vee, TheTotalOfAnExportBoundsItsIntervals) {
  WithFacts f("");
  f.day("A", "import", Unit::kWattHour, "2026-06-01T00:00Z", 100, 10, 12);
  std::int64_t dial = 5'000;
  for (int h = 0; h <= 24; ++h) {
    if (h == 0 || h < 11 || h > 12)
      f.rows.push_back({"A",
                        2,
                        "import_total",
                        Unit::kWattHour,
                        *from_iso("2026-06-01T00:00Z") + h * 3'600,
                        {dial, 0},
                        {}});
    dial += 100 + (h + 1) % 5;
  }
  EXPECT_EQ(
      f.run(),
      "A finding count >  fail: 22 of 24 intervals are there, the longest gap is 2 intervals, "
      "at 2026-06-01T11:00:00+00:00\n"
      "A interval count >101 E17 linear\n"
      "A interval count >102 E17 linear\n"
      "A closure  >  register 306, actual 103, estimated 203\n");
}

TEST(Vee, AClockThatWasResetLeavesTheOtherDaysAsTheyAre) {
  WithFacts f("");
  f.day("A", "import", Unit::kWattHour, "2026-06-01T00:00Z", 100);
  f.rows.push_back({"A", 0, "import", Unit::kWattHour, *from_iso("2000-01-01T01:00Z"), {7, 0}, {}});
  f.rows.push_back({"A", 0, "import", Unit::kWattHour, *from_iso("2999-01-01T01:00Z"), {7, 0}, {}});
  EXPECT_EQ(f.run(),
            "A finding clock >  fail: readings of 2000-01-01T01:00:00Z to 2000-01-01T01:00:00Z, 1 "
            "of them, are more than 400 days from the others: left out\n"
            "A finding clock >  fail: readings of 2999-01-01T01:00:00Z to 2999-01-01T01:00:00Z, 1 "
            "of them, are more than 400 days from the others: left out\n");
}

TEST(Vee, TheYearBeforeAndTheClassProfileOfTheFacts) {
  WithFacts f(R"(
[[profile]]
unit = "Wh"
daily = "2400"
workday = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
saturday = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
sunday = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
)");
  f.day("A", "import", Unit::kWattHour, "2026-06-01T00:00Z", 500, 4, 8);
  std::string text = f.run();
  EXPECT_NE(text.find("A interval count >100 E25 "), std::string::npos) << text;
  WithFacts g("");
  g.day("A", "import", Unit::kWattHour, "2025-06-02T00:00Z", 300);
  g.day("A", "import", Unit::kWattHour, "2026-06-01T00:00Z", 500, 4, 8);
  text = g.run();
  EXPECT_NE(text.find("A interval count >300 E23 "), std::string::npos) << text.substr(0, 3'000);
}

TEST(Vee, ReactiveEnergyOfTheFileIsHeldAgainstTheActive) {
  WithFacts f("", "commercial");
  f.day("A", "import", Unit::kWattHour, "2026-06-01T00:00Z", 6'000);
  f.day("A", "reactive_import", Unit::kVarHour, "2026-06-01T00:00Z", 8'000);
  EXPECT_EQ(
      f.run(),
      "A finding power_factor >  warn: power factor 0.600 of 144050 active and 192050 reactive, "
      "at least 0.700 expected\n");
}

}  // namespace
}  // namespace amity::app
