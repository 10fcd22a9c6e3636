// Energy by price, peaks and netting, reckoned by hand; clock-change days included.
#include <gtest/gtest.h>

#include <numeric>

#include "mdm/determinants/demand.h"
#include "mdm/determinants/energy.h"
#include "mdm/determinants/reactive.h"
#include "mdm/profile/test_numbers.h"

namespace amity::mdm {
namespace {

// Buckets: 0 night 22:00-07:00 and all weekend, 1 day, 2 summer peak 12:00-16:00 on weekdays.
Result<Schedule> schedule() {
  return Schedule::make({{"summer", {6, 1}, {9, 30}}},
                        {{0, kWeekdaysMask, 43'200, 57'600, 2},
                         {-1, kWeekdaysMask, 25'200, 79'200, 1},
                         {-1, 0x7F, 0, 86'400, 0}},
                        3);
}

struct Month {
  PeriodMap map;
  std::vector<std::int64_t> values;
  std::vector<SlotQuality> quality;
  IntervalView view() const {
    return {ChannelId(1), map.period.start, map.interval_s, 0, values, quality};
  }
};

Month month(const char* first, const char* last, std::uint32_t interval_s = 900,
            std::set<std::int32_t> holidays = {}) {
  const DayCalendar calendar(*TimeZone::find("Europe/Madrid"), std::move(holidays));
  const auto period = bill_period(calendar, *from_iso(first), *from_iso(last));
  EXPECT_TRUE(period.ok());
  const auto tou = schedule();
  EXPECT_TRUE(tou.ok());
  const auto map = map_period(*period, *tou, interval_s);
  EXPECT_TRUE(map.ok());
  Month m{*map, std::vector<std::int64_t>(map->slots, 1), {}};
  m.quality.assign(map->slots, SlotQuality::kActual);
  return m;
}

std::string slots_of(const Month& m) {
  EnergyUse use;
  energy_by_bucket(m.view(), m.map, use);
  std::string text;
  for (std::size_t b = 0; b < 3; ++b) {
    EXPECT_EQ(use.bucket[b].sum, use.bucket[b].slots);
    text += std::to_string(use.bucket[b].slots) + " ";
  }
  return text + "of " + std::to_string(m.map.slots);
}

TEST(Determinants, QuarterHoursByPrice) {
  // A Monday in winter: 9 h night, 15 h day.
  EXPECT_EQ(slots_of(month("2026-01-12T12:00Z", "2026-01-12T12:00Z")), "36 60 0 of 96");
  // A Monday in summer: 9 h night, 11 h day, 4 h peak.
  EXPECT_EQ(slots_of(month("2026-07-13T12:00Z", "2026-07-13T12:00Z")), "36 44 16 of 96");
  // The clock goes forward on Sunday 29 March: 23 h of weekend. Back on 25 October: 25 h.
  EXPECT_EQ(slots_of(month("2026-03-29T12:00Z", "2026-03-29T12:00Z")), "92 0 0 of 92");
  EXPECT_EQ(slots_of(month("2026-10-25T12:00Z", "2026-10-25T12:00Z")), "100 0 0 of 100");
  // March: 22 weekdays x 15 h day; 743 h in all.
  EXPECT_EQ(slots_of(month("2026-03-01T12:00Z", "2026-03-31T12:00Z")), "1652 1320 0 of 2972");
  // A holiday on a Monday is a Sunday.
  EXPECT_EQ(slots_of(month("2026-01-12T12:00Z", "2026-01-12T12:00Z", 900, {20'465})),
            "96 0 0 of 96");
}

TEST(Determinants, SharesOfAMonthAreExact) {
  EXPECT_EQ(month("2026-02-01T12:00Z", "2026-02-28T12:00Z").map.period.month_shares, kMonthShares);
  EXPECT_EQ(month("2026-01-01T12:00Z", "2026-12-31T12:00Z").map.period.month_shares,
            12 * kMonthShares);
  EXPECT_EQ(month("2026-01-30T12:00Z", "2026-02-14T12:00Z").map.period.month_shares,
            kMonthShares * 2 / 31 + kMonthShares / 2);
}

TEST(Determinants, WhatDoesNotFitIsRefused) {
  const DayCalendar calendar(*TimeZone::find("Europe/Madrid"));
  const auto period =
      bill_period(calendar, *from_iso("2026-01-12T12:00Z"), *from_iso("2026-01-12T12:00Z"));
  const auto quarter =
      Schedule::make({}, {{-1, 0xFF, 27'900, 79'200, 1}, {-1, 0xFF, 0, 86'400, 0}}, 2);
  ASSERT_TRUE(quarter.ok());
  EXPECT_TRUE(map_period(*period, *quarter, 900).ok());
  EXPECT_EQ(map_period(*period, *quarter, 3'600).error().reason,
            "the price changes at 2026-01-12T06:45:00Z, within an interval of 3600 s");
  EXPECT_EQ(Schedule::make({}, {{-1, kWeekdaysMask, 0, 86'400, 0}}, 1).error().reason,
            "no schedule rule covers Saturday 00:00 outside the seasons");
}

TEST(Determinants, BlockAndSlidingDemand) {
  Month m = month("2026-01-12T12:00Z", "2026-01-12T12:00Z");
  std::fill(m.values.begin(), m.values.end(), 100);
  m.values[43] = 500;  // 10:45-11:00
  m.values[44] = 600;  // 11:00-11:15: across two half hours
  m.values[60] = 700;
  const auto told = [&](DemandWindow w) {
    EXPECT_TRUE(check_window(w, 900).ok());
    const bool whole = std::ranges::count(m.quality, SlotQuality::kActual) == 96;
    const Peak p = max_demand(m.view(), m.map, w, whole);
    return std::to_string(p.power) + " W from slot " + std::to_string(p.first) + ", " +
           std::to_string(p.windows) + " windows, " + std::to_string(p.left_out) + " left out";
  };
  EXPECT_EQ(told({900, false}), "2800 W from slot 60, 96 windows, 0 left out");
  EXPECT_EQ(told({1'800, false}), "1600 W from slot 60, 48 windows, 0 left out");
  EXPECT_EQ(told({1'800, true}), "2200 W from slot 43, 95 windows, 0 left out");
  EXPECT_EQ(told({3'600, true}), "1300 W from slot 41, 93 windows, 0 left out");
  m.quality[60] = SlotQuality::kMissing;
  EXPECT_EQ(told({900, false}), "2400 W from slot 44, 95 windows, 1 left out");
  EXPECT_EQ(told({1'800, true}), "2200 W from slot 43, 93 windows, 2 left out");
  // In the night bucket alone: two runs of 28 and 8 quarter hours.
  EXPECT_EQ(told({900, false, 0b01}), "400 W from slot 0, 36 windows, 0 left out");
  EXPECT_EQ(told({3'600, true, 0b01}), "400 W from slot 0, 30 windows, 0 left out");
  // Neighbouring buckets that count both are one stretch.
  EXPECT_EQ(told({3'600, true, 0b11}), told({3'600, true}));
  EXPECT_FALSE(check_window({1'000, false}, 900).ok());
  EXPECT_FALSE(check_window({900, false}, 1'800).ok());
}

TEST(Determinants, DemandIsThatOfEveryWindowTried) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Numbers n(seed);
    Month m = month("2026-03-28T12:00Z", "2026-03-30T12:00Z");
    for (auto& v : m.values) v = static_cast<std::int64_t>(n.below(1'000));
    for (auto& q : m.quality) q = n.below(20) == 0 ? SlotQuality::kMissing : SlotQuality::kActual;
    const std::uint32_t width = std::array<std::uint32_t, 3>{1, 2, 4}[n.below(3)];
    const bool sliding = n.below(2) == 0;
    const std::uint32_t buckets =
        std::array<std::uint32_t, 4>{0b01, 0b10, 0b11, kAllBuckets}[n.below(4)];
    std::int64_t best = INT64_MIN;
    for (std::size_t i = 0; i + width <= m.values.size(); i += sliding ? 1 : width) {
      bool counts = true;
      std::int64_t sum = 0;
      for (std::size_t k = i; k < i + width; ++k) {
        sum += m.values[k];
        counts = counts && m.quality[k] == SlotQuality::kActual;
        for (const BucketRun& run : m.map.runs)
          counts = counts && (k < run.first || k >= run.last || (buckets >> run.bucket & 1) != 0);
      }
      // A window of a bucket does not reach over another one; neighbouring runs differ.
      if (counts) best = std::max(best, sum);
    }
    const Peak p = max_demand(m.view(), m.map, {width * 900, sliding, buckets}, false);
    ASSERT_EQ(p.energy, best == INT64_MIN ? 0 : best) << "seed " << seed;
  }
}

TEST(Determinants, ImportAgainstExport) {
  Month in = month("2026-01-12T12:00Z", "2026-01-12T12:00Z"), out = in;
  std::fill(in.values.begin(), in.values.end(), 0);
  std::fill(out.values.begin(), out.values.end(), 0);
  in.values[40] = 300, out.values[41] = 500;  // the same hour of the day bucket
  in.values[4] = 1'000;                       // at night
  out.values[50] = 100;
  const auto told = [&](Netting netting) {
    EnergyUse bought, sold;
    net(in.view(), out.view(), in.map, netting, bought, sold);
    return std::to_string(bought.bucket[0].sum) + "+" + std::to_string(bought.bucket[1].sum) +
           " bought, " + std::to_string(sold.bucket[0].sum) + "+" +
           std::to_string(sold.bucket[1].sum) + " sold";
  };
  EXPECT_EQ(told(Netting::kNone), "1000+300 bought, 0+600 sold");
  EXPECT_EQ(told(Netting::kInterval), "1000+300 bought, 0+600 sold");
  EXPECT_EQ(told(Netting::kHour), "1000+0 bought, 0+300 sold");
  EXPECT_EQ(told(Netting::kPeriod), "1000+0 bought, 0+300 sold");
}

TEST(Determinants, ReactiveEnergyAndPowerFactor) {
  EXPECT_EQ(power_factor_permille(3'000, 4'000), 600);
  EXPECT_EQ(power_factor_permille(1, 0), 1'000);
  EXPECT_EQ(power_factor_permille(0, 1), 0);
  EXPECT_EQ(power_factor_permille(0, 0), 1'000);
  EXPECT_EQ(power_factor_permille(1'000'000'000'000'000, 1'000'000'000'000'000), 707);
  EXPECT_EQ(excess_reactive(10'000, 5'000, 329), 1'710);  // tan 0.329 is cos 0.95
  EXPECT_EQ(excess_reactive(10'000, 3'000, 329), 0);
}

}  // namespace
}  // namespace amity::mdm
