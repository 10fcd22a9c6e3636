#include <gtest/gtest.h>

#include "mdm/profile/channel_state.h"
#include "mdm/profile/day_grid.h"
#include "mdm/profile/register_track.h"

namespace amity::mdm {
namespace {

LocalDay madrid(const char* noon) {
  return DayCalendar(*TimeZone::find("Europe/Madrid"), {20447})
      .day_at(*from_iso(noon));  // 2025-12-25
}

TEST(LocalDay, ClockChangeDaysHave92And100QuarterHours) {
  const LocalDay spring = madrid("2026-03-29T12:00:00Z"), autumn = madrid("2026-10-25T12:00:00Z");
  EXPECT_EQ(spring.slots(900), 92u);
  EXPECT_EQ(autumn.slots(900), 100u);
  EXPECT_EQ(madrid("2026-06-01T12:00:00Z").slots(900), 96u);
  EXPECT_EQ(spring.wall_of(2 * 3'600), 3 * 3'600);  // 02:00 is 03:00
  EXPECT_EQ(spring.offset_of(2 * 3'600 + 900), std::nullopt);
  EXPECT_EQ(spring.offset_of(20 * 3'600), 19 * 3'600);
  EXPECT_EQ(autumn.wall_of(3 * 3'600), 2 * 3'600);  // 03:00 is 02:00 again
  EXPECT_EQ(autumn.offset_of(2 * 3'600 + 900), 2 * 3'600 + 900);
  EXPECT_EQ(autumn.offset_of(20 * 3'600), 21 * 3'600);
}

TEST(LocalDay, WeekdaysAndHolidays) {
  EXPECT_EQ(madrid("2026-03-29T12:00:00Z").kind, 6);  // a Sunday
  EXPECT_EQ(madrid("2026-03-30T12:00:00Z").kind, 0);
  const LocalDay christmas = madrid("2025-12-25T12:00:00Z");  // a Thursday
  EXPECT_TRUE(christmas.holiday);
  EXPECT_EQ(christmas.kind, 6);
}

TEST(DayGrid, WhatWasOddAboutTheArrivalIsCounted) {
  const LocalDay day = madrid("2026-06-01T12:00:00Z");
  const auto at = [&](int slot, std::int64_t value, int shift_s = 0) {
    return Reading{ChannelId(1), day.start + (slot + 1) * 900 + shift_s, value, {}};
  };
  const std::vector<Reading> readings = {at(0, 10), at(1, 11),       at(1, 11),     at(3, 13),
                                         at(2, 12), at(3, 14),       at(5, 1, 300), at(-1, 7),
                                         at(96, 7), at(6, INT64_MAX)};
  DayGrid grid;
  ASSERT_TRUE(lay_out(readings, day, 900, grid).ok());
  EXPECT_EQ(grid.present_count, 4u);
  EXPECT_EQ(grid.value[3], 14);
  EXPECT_EQ(grid.arrival.duplicates, 1u);
  EXPECT_EQ(grid.arrival.conflicts, 1u);
  EXPECT_EQ(grid.arrival.first_conflict, 3);
  EXPECT_EQ(grid.arrival.off_grid, 1u);
  EXPECT_EQ(grid.arrival.outside, 2u);
  EXPECT_EQ(grid.arrival.implausible, 1u);
  EXPECT_EQ(grid.arrival.out_of_order, 3u);  // slots 2, -1 and 6: each earlier than its predecessor
  EXPECT_FALSE(lay_out(readings, day, 7, grid).ok());
  EXPECT_FALSE(lay_out(readings, day, 1'000, grid).ok());
}

std::string told(std::vector<RegisterPoint> points, RegisterFace face = {.modulus = 100'000}) {
  static constexpr const char* kNames[] = {"forward",   "rollover", "exchange",
                                           "decreased", "inexact",  "too large"};
  const Advance a = advance_over(points, face);
  return std::string(kNames[static_cast<int>(a.kind)]) + " " + std::to_string(a.units);
}

TEST(RegisterTrack, RolloverExchangeAndMultiplier) {
  const UtcSeconds t(1'000'000);
  using P = RegisterPoint;
  const auto at = [&](int h, std::int64_t v, PointKind k = PointKind::kRead, std::int64_t m = 1) {
    return P{t + h * 3'600, v, k, m};
  };
  EXPECT_EQ(told({at(0, 500), at(24, 620)}), "forward 120");
  EXPECT_EQ(told({at(0, 99'950), at(24, 30)}), "rollover 80");
  EXPECT_EQ(told({at(0, 89'000), at(24, 30)}), "decreased 0");
  EXPECT_EQ(told({at(0, 99'950), at(24, 30)}, {}), "decreased 0");
  EXPECT_EQ(told({at(0, 500), at(10, 520, PointKind::kRemoved), at(10, 7, PointKind::kInstalled),
                  at(24, 12)}),
            "exchange 25");
  EXPECT_EQ(
      told({at(0, 500, PointKind::kRead, 40), at(10, 502, PointKind::kRead, 60), at(24, 503)}),
      "forward 140");
  // Register in kWh, intervals in Wh; and the other way round, where 15 Wh are no whole number of
  // 10 Wh.
  EXPECT_EQ(told({at(0, 500), at(24, 503)}, {.exponent = 3}), "forward 3000");
  EXPECT_EQ(told({at(0, 500), at(24, 515)}, {.interval_exponent = 1}), "inexact 2");
  EXPECT_EQ(told({at(0, INT64_MIN), at(24, INT64_MAX)}), "too large 0");
}

TEST(ChannelState, PeriodsLikeDaysAndSerialisation) {
  ChannelState state;
  for (int day = 20'000; day < 20'400; ++day) {
    ASSERT_TRUE(state.add_day(day, static_cast<std::uint8_t>((day + 3) % 7), day, day / 10));
    ASSERT_FALSE(state.add_day(day, 0, 1, 1)) << "the same day twice";
  }
  EXPECT_EQ(state.of_period(state.period - 1).days, 28);
  EXPECT_EQ(state.of_period(state.period - 13).days, 28);
  EXPECT_EQ(state.of_period(state.period - 14).days, 0);
  EXPECT_EQ(state.like_mean(static_cast<std::uint8_t>((20'399 + 3) % 7)),
            20'392);  // 20399, 20392, 20385
  Bytes bytes;
  encode_state(state, bytes);
  const auto back = decode_state(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, state);
  EXPECT_LT(bytes.size(), 700u);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(decode_state(ByteView(bytes).first(cut)).ok());
}

}  // namespace
}  // namespace amity::mdm
