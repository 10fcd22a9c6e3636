// Golden texts: the days (intervals of 6 hours unless said, "." is open), the registers, what the
// ladder makes of it.
#include <gtest/gtest.h>

#include "mdm/estimate/closure.h"
#include "mdm/estimate/final_series.h"
#include "mdm/estimate/storm.h"
#include "mdm/estimate/test_series.h"

namespace amity::mdm {
namespace {

const DayCalendar kUtc(TimeZone::utc());
const UtcSeconds kMonday = *from_iso("2026-06-01T12:00:00Z");
constexpr std::uint32_t kSixHours = 6 * 3'600;

struct Case {
  SeriesWindow window;
  EstimateInput in;
  EstimatePolicy policy;
  std::vector<RegisterPoint> registers;

  explicit Case(const std::vector<std::string>& days, std::uint32_t interval_s = kSixHours,
                UtcSeconds noon = kMonday, const DayCalendar& calendar = kUtc)
      : window(window_of(calendar, noon, interval_s, days)) {
    EXPECT_GT(window.size(), 0u);
  }
  // Register readings at slot boundaries.
  void at(std::size_t slot, std::int64_t value, PointKind kind = PointKind::kRead,
          std::int64_t multiplier = 1) {
    registers.push_back({window.start() + static_cast<std::int64_t>(slot) * window.interval_s(),
                         value, kind, multiplier});
  }
  std::string says() {
    in.window = &window;
    in.registers = registers;
    Estimates out;
    estimate(policy, in, out);
    return told(out);
  }
};

TEST(Estimate, E2CheckChannel) {
  Case c({"10 . . 40"});
  const std::vector<std::int64_t> check = {11, 21, 31, 41};
  std::vector<std::uint8_t> known = {1, 1, 1, 1};
  c.in.check = check;
  c.in.check_known = known;
  EXPECT_EQ(c.says(), "1 check_channel 21, 2 check_channel 31 | 0-4 unbounded = 50 + 52");
  known[2] = 0;
  EXPECT_EQ(c.says(), "1 none 0, 2 none 0 | 0-4 unbounded = 50 + 0");
}

TEST(Estimate, E3LinearUpToTwoHoursAndNotBesideAnOutage) {
  const auto hours = [](const std::string& first) {
    std::string day = first;
    for (int i = 6; i < 24; ++i) day += " 100";
    return std::vector<std::string>{day};
  };
  EXPECT_EQ(Case(hours("100 . . 130 100 100"), 3'600).says(),
            "1 linear 110, 2 linear 120 | 0-24 unbounded = 2230 + 230");
  EXPECT_EQ(Case(hours("100 . 101 100 100 100"), 3'600).says(),
            "1 linear 101 | 0-24 unbounded = 2301 + 101");
  EXPECT_EQ(Case(hours("100 . . . 130 100"), 3'600).says(),
            "1 none 0, 2 none 0, 3 none 0 | 0-24 unbounded = 2130 + 0");
  EXPECT_EQ(Case(hours("0o . . 130 100 100"), 3'600).says(),
            "1 none 0, 2 none 0 | 0-24 unbounded = 2130 + 0");
}

TEST(Estimate, E4AverageOfTheLatestThreeLikeDays) {
  std::vector<std::string> days;
  for (int week = 0; week < 5;
       ++week) {  // Mondays of 10, 20, 30, 40, then the gap; other days of 1
    const std::string v = std::to_string(10 * (week + 1));
    days.push_back(week == 4 ? "50 . . 50" : v + " " + v + " " + v + " " + v);
    for (int d = 1; d < 7; ++d) days.push_back("1 1 1 1");
  }
  EXPECT_EQ(Case(days).says(),
            "113 average_like_day 30, 114 average_like_day 30 | 0-140 unbounded = 620 + 60");
  days[21] = "40 40 0o 40";   // a Monday with an outage is no example
  days[14] = "30 30e 30 30";  // nor is one with estimates
  EXPECT_EQ(Case(days).says(),
            "113 average_like_day 15, 114 average_like_day 15 | 0-140 unbounded = 580 + 30");
  days[7] = "20 20 20 .";
  EXPECT_EQ(Case(days).says().substr(0, 24), "31 like_day 10, 113 like");
}

TEST(Estimate, E4HolidaysAreSundays) {
  std::vector<std::string> days = {"1 1 1 1", "1 1 1 1", "1 1 1 1", "1 1 1 1",
                                   "1 1 1 1", "1 1 1 1", "9 9 9 9", ". . . ."};
  const std::int32_t second_monday = 20'612;
  ASSERT_EQ(kUtc.day_at(kMonday + 7 * 86'400).number, second_monday);
  const DayCalendar with_holiday(TimeZone::utc(), {second_monday});
  EXPECT_EQ(
      Case(days, kSixHours, kMonday, with_holiday).says(),
      "28 like_day 9, 29 like_day 9, 30 like_day 9, 31 like_day 9 | 0-32 unbounded = 60 + 36");
}

TEST(Estimate, E4FollowsTheWallClockThroughItsChange) {
  const DayCalendar madrid(*TimeZone::find("Europe/Madrid"));
  std::vector<std::string> days;
  for (int d = 0; d < 8; ++d) {
    std::string day;
    const int hours = d == 7 ? 23 : 24;
    for (int h = 0; h < hours; ++h)
      day += d == 7 && h >= 1 && h < 4 ? ". " : std::to_string(100 + h) + " ";
    days.push_back(day);
  }
  // The gap is 01:00, 03:00 and 04:00 of the wall clock: 02:00 does not exist on the 29th of March.
  Case spring(days, 3'600, *from_iso("2026-03-22T12:00:00Z"), madrid);
  spring.policy.linear_max_s = 0;
  EXPECT_EQ(spring.says(),
            "169 like_day 101, 170 like_day 103, 171 like_day 104 | 0-191 unbounded = 20979 + 308");
}

TEST(Estimate, E5PriorYearE6ClassProfileE7Zero) {
  Case c({". . . ."});
  SeriesWindow last_year = window_of(kUtc, kMonday - 364 * 86'400, kSixHours, {"5 6 7 8"});
  c.in.last_year = &last_year;
  EXPECT_EQ(c.says(),
            "0 previous_year 5, 1 previous_year 6, 2 previous_year 7, 3 previous_year 8 | 0-4 "
            "unbounded = 0 + 26");
  c.in.last_year = nullptr;
  ClassProfile profile{kSixHours, {}};
  for (int d = 0; d < 7; ++d)
    for (const int w : {1, 2, 3, 4}) profile.weight.push_back(w);
  c.in.profile = &profile;
  c.in.average_daily_load = 1'000;
  EXPECT_EQ(c.says(),
            "0 average_daily_load 100, 1 average_daily_load 200, 2 average_daily_load 300, 3 "
            "average_daily_load 400 | "
            "0-4 unbounded = 0 + 1000");
  c.in.deenergised = true;
  EXPECT_EQ(c.says(), "0 zero 0, 1 zero 0, 2 zero 0, 3 zero 0 | 0-4 unbounded = 0 + 0");
}

TEST(Estimate, E8ClosesOnTheRegister) {
  Case c({"1 1 1 1", "1 1 1 1", "1 1 1 1", "1 1 1 1", "1 1 1 1", "1 1 1 1", "1 1 1 1", "3 . . 1"});
  c.at(28, 5'000);
  c.at(32, 5'011);
  EXPECT_EQ(c.says(), "29 like_day 4 scaled, 30 like_day 3 scaled | 28-32 exact 11 = 4 + 7");
  c.registers.back().value = 5'003;
  EXPECT_EQ(c.says(), "29 like_day 1, 30 like_day 1 | 28-32 exceeded 3 = 4 + 2");
  c.registers.back().value = 4'000;
  EXPECT_EQ(c.says(), "29 like_day 1, 30 like_day 1 | 28-32 unusable 0 = 4 + 2");
  c.registers.back().value = 11;
  c.in.face.modulus = 5'001;
  EXPECT_EQ(c.says(), "29 like_day 4 scaled, 30 like_day 4 scaled | 28-32 exact 12 = 4 + 8");
}

TEST(Estimate, E8NothingElseKnownTheAdvanceIsSpreadEvenly) {
  Case c({"3 . . 1"});
  c.at(0, 100);
  c.at(4, 113);
  EXPECT_EQ(c.says(), "1 calculated 5 scaled, 2 calculated 4 scaled | 0-4 exact 13 = 4 + 9");
}

TEST(Estimate, E8ThroughMeterExchangeAndMultiplierChange) {
  Case c({"2 . . 4"});
  c.at(0, 90);
  c.at(2, 97, PointKind::kRemoved);
  c.at(2, 3, PointKind::kInstalled);
  c.at(4, 10);
  EXPECT_EQ(c.says(), "1 calculated 4 scaled, 2 calculated 4 scaled | 0-4 exact 14 = 6 + 8");
  Case m({"2 . . 40"});
  m.at(0, 10, PointKind::kRead, 2);
  m.at(2, 15, PointKind::kRead, 10);
  m.at(4, 20, PointKind::kRead, 10);
  EXPECT_EQ(m.says(),
            "1 calculated 8 scaled, 2 calculated 10 scaled | 0-2 exact 10 = 2 + 8 | 2-4 exact 50 = "
            "40 + 10");
}

TEST(Estimate, E7WhereSupplyWasOffAndThePartBesideItAsUsual) {
  Case c({"8 8 8 8", "9 9 9 9", "9 9 9 9", "9 9 9 9", "9 9 9 9", "9 9 9 9", "9 9 9 9", "10 . . ."});
  std::vector<std::uint8_t> off(c.window.size(), 0);
  off[29] = off[30] = 1;
  c.in.off = off;
  c.policy.linear_max_s = 0;
  EXPECT_EQ(c.says().substr(0, c.says().find(" |")), "29 zero 0, 30 zero 0, 31 like_day 8");
  c.at(28, 500);
  c.at(32, 520);
  EXPECT_EQ(c.says(), "29 zero 0, 30 zero 0, 31 like_day 10 scaled | 28-32 exact 20 = 10 + 10");
}

// The first like day was counted with half the ratio: what the meter counts now is half of it, and
// the register, which counts as the meter does, closes it.
TEST(Estimate, LikeDaysOfAnotherRatioSayWhatWasUsed) {
  Case c({"20 40 60 80", "9 9 9 9", "9 9 9 9", "9 9 9 9", "9 9 9 9", "9 9 9 9", "9 9 9 9",
          "10 . . 40"});
  std::vector<std::int64_t> ratio(c.window.size(), 2);
  for (std::size_t i = 0; i < 28; ++i) ratio[i] = 1;
  SeriesWindow examples = c.window;
  examples.scale(ratio);
  c.in.examples = &examples;
  c.in.ratio = ratio;
  c.policy.linear_max_s = 0;
  EXPECT_EQ(c.says().substr(0, c.says().find(" |")), "29 like_day 20, 30 like_day 30");
  c.at(28, 500);
  c.at(32, 600);
  EXPECT_EQ(c.says(), "29 like_day 20, 30 like_day 30 | 28-32 exact 100 = 50 + 50");
}

TEST(Estimate, E8AFinerRegisterClosesOnWhatCanBeSaidAndIsFlagged) {
  Case c({"2 . . 4"});
  c.in.face.exponent = -1;
  c.at(0, 100);
  c.at(4, 246);
  EXPECT_EQ(c.says(), "1 calculated 5 scaled, 2 calculated 4 scaled | 0-4 inexact 15 = 6 + 9");
}

TEST(Estimate, E1AskTheMeterAgainForFiveDays) {
  const RereadPolicy policy;
  const UtcSeconds gap(1'000'000), now(1'000'000 + 86'400);
  EXPECT_EQ(reread_due(policy, gap, 0, {}, now), Reread::kNow);
  EXPECT_EQ(reread_due(policy, gap, 3, now - 4 * 3'600, now), Reread::kNow);
  EXPECT_EQ(reread_due(policy, gap, 3, now - 3 * 3'600, now), Reread::kWait);
  EXPECT_EQ(reread_due(policy, gap, 40, now - 86'400, now), Reread::kNow);
  EXPECT_EQ(reread_due(policy, gap, 0, {}, gap + 5 * 86'400 + 1), Reread::kGiveUp);
}

TEST(Apportion, LargestRemainderSumsExactly) {
  const auto shares = [](std::int64_t total, std::vector<std::int64_t> a) {
    return apportion(total, a), a;
  };
  EXPECT_EQ(shares(10, {1, 1, 1}), (std::vector<std::int64_t>{4, 3, 3}));
  EXPECT_EQ(shares(10, {0, 0, 0}), (std::vector<std::int64_t>{4, 3, 3}));
  EXPECT_EQ(shares(7, {-5, 1, 6}), (std::vector<std::int64_t>{0, 1, 6}));
  EXPECT_EQ(shares(0, {3, 4}), (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(shares(100, {29, 29, 42}), (std::vector<std::int64_t>{29, 29, 42}));
}

TEST(StormGuard, SuspendsAtThirtyPercentBelowTheNormAndResumesWithinFive) {
  StormGuard guard;
  for (int d = 0; d < 7; ++d) EXPECT_FALSE(guard.add_day(200, 1'000, 980));
  EXPECT_EQ(guard.norm_permille(), 980);
  EXPECT_FALSE(StormGuard(guard).add_day(99, 1'000, 100)) << "fewer than 100 devices are no area";
  EXPECT_FALSE(StormGuard(guard).add_day(200, 1'000, 687));  // 29.9 % below
  EXPECT_TRUE(guard.add_day(200, 1'000, 686));
  EXPECT_TRUE(guard.add_day(200, 1'000, 930));  // 5.1 % below
  EXPECT_EQ(guard.norm_permille(), 980) << "the storm is no norm";
  EXPECT_FALSE(guard.add_day(200, 1'000, 931));
}

TEST(FinalSeries, LateActualsAreANewVersionAndACorrection) {
  FinalSeries series(ChannelId(7));
  const UtcSeconds t(900), then(10'000), later(90'000);
  const FinalValue guess{40, Origin::kEstimated, Method::kLinear, true}, actual{43};
  EXPECT_TRUE(
      series.settle(std::vector<FinalInterval>{{t, guess}}, then, "gap of 1 interval")->empty());
  EXPECT_TRUE(series.settle(std::vector<FinalInterval>{{t, guess}}, later, "again")->empty())
      << "the same: nothing";
  const auto corrections =
      *series.settle(std::vector<FinalInterval>{{t, actual}}, later, "validated");
  ASSERT_EQ(corrections.size(), 1u);
  EXPECT_EQ(corrections[0].before, guess);
  EXPECT_EQ(corrections[0].after, actual);
  EXPECT_EQ(corrections[0].version, 2u);
  EXPECT_EQ(corrections[0].why, "late actual");
  ASSERT_EQ(series.versions(t).size(), 2u);
  EXPECT_EQ(series.versions(t)[0].why, "gap of 1 interval");
  EXPECT_EQ(series.versions(t)[0].final.method, Method::kLinear);
  EXPECT_EQ(*series.current(t), actual);
}

TEST(Method, Nem12Codes) {
  EXPECT_EQ(nem12_code(Method::kNone, false), "A");
  EXPECT_EQ(nem12_code(Method::kAverageLikeDay, false), "E15");
  EXPECT_EQ(nem12_code(Method::kLinear, true), "F17");
}

}  // namespace
}  // namespace amity::mdm
