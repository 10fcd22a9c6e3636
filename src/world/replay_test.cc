#include "world/replay.h"

#include <gtest/gtest.h>

#include "base/civil.h"
#include "world/test_replay.h"

namespace amity::world {
namespace {

Bytes text(std::string_view csv) {
  const ByteView bytes = as_bytes(csv);
  return Bytes(bytes.begin(), bytes.end());
}

// As the file has it on the night of 2012-10-07: the rows of 02:00 and 02:30 stand behind those of 01:00 and 01:30.
constexpr std::string_view kClockChange =
    "customer_id,reading_datetime,event_key,general_supply_kwh\n"
    "10006704,2012-10-07 00:30:00,0,0.004\n"
    "10006704,2012-10-07 01:00:00,0,0.005\n"
    "10006704,2012-10-07 01:00:00,0,0.638\n"
    "10006704,2012-10-07 01:30:00,0,0.004\n"
    "10006704,2012-10-07 01:30:00,0,0.426\n"
    "10006704,2012-10-07 03:00:00,0,0.1\n"
    "10006704,2012-10-07 03:30:00,0,1\n";

TEST(Replay, RepeatedStampsOfTheClockChangeAreTheHourThatTheWallClockSkips) {
  const auto replay = parse_replay(text(kClockChange));
  ASSERT_TRUE(replay.ok()) << to_string(replay.error());
  ASSERT_EQ(replay->homes.size(), 1u);
  const auto& rows = replay->homes[0].rows;
  ASSERT_EQ(rows.size(), 7u);
  const std::pair<const char*, int> expected[] = {
      {"2012-10-06T14:30:00Z", 4},   {"2012-10-06T15:00:00Z", 5},   {"2012-10-06T15:30:00Z", 4},
      {"2012-10-06T16:00:00Z", 638}, {"2012-10-06T16:30:00Z", 426}, {"2012-10-06T17:00:00Z", 100},
      {"2012-10-06T17:30:00Z", 1000}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(to_iso(rows[i].end), expected[i].first);
    EXPECT_EQ(rows[i].wh, expected[i].second);
  }
  EXPECT_EQ(replay->moved, 2u);
  ASSERT_EQ(replay->remarks.size(), 1u);
  EXPECT_NE(replay->remarks[0].find("2012-10-07: 2 rows"), std::string::npos);
}

TEST(Replay, RangesExcludeTheirStartAndIncludeTheirEnd) {
  const auto replay = parse_replay(text(kClockChange));
  ASSERT_TRUE(replay.ok());
  const auto list = expected_intervals(*replay, from_iso("2012-10-06T15:00:00Z").value(),
                                       from_iso("2012-10-06T16:00:00Z").value());
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].wh, 4);
  EXPECT_EQ(list[1].wh, 638);
}

TEST(Replay, WhatCannotBePlacedIsRefusedWithItsLine) {
  const std::string head = "customer_id,reading_datetime,event_key,general_supply_kwh\n";
  const std::pair<std::string, const char*> cases[] = {
      {"a,b\n", "line 1"},
      {head + "1,2012-10-07 00:30:00,0,0.0041\n", "line 2: general_supply_kwh"},
      {head + "1,2012-10-07 00:31:00,0,0.004\n", "line 2: reading_datetime"},
      {head + "1,2012-10-07 00:30:00,0.004\n", "line 2: not four fields"},
      {head + "1,2012-10-07 00:30:00,0,-0.1\n", "line 2: general_supply_kwh"},
      {head + "1,2012-10-07 00:30:00,0,1\n1,2012-10-07 00:00:00,0,1\n", "line 3: the stamps of a home go backwards"},
      {head + "1,2012-10-07 01:00:00,0,1\n1,2012-10-07 01:00:00,0,1\n1,2012-10-07 02:00:00,0,1\n", "two rows end"},
  };
  for (const auto& [csv, why] : cases) {
    const auto replay = parse_replay(text(csv));
    ASSERT_FALSE(replay.ok()) << csv;
    EXPECT_NE(replay.error().reason.find(why), std::string::npos) << replay.error().reason;
  }
}

TEST(Replay, DamagedCompressionIsAnError) {
  EXPECT_FALSE(unpack_xz(Bytes{0xFD, '7', 'z', 'X', 'Z', 0, 1, 2, 3}, 1'000).ok());
  EXPECT_FALSE(unpack_xz(Bytes{}, 1'000).ok());
}

TEST(Replay, EveryRowOfTheRealFileHasItsOwnInstant) {
  AMITY_NEED_REAL_HOMES(replay);
  EXPECT_EQ(replay->homes.size(), 50u);
  EXPECT_EQ(replay->rows, 1'450'232u);
  EXPECT_EQ(replay->moved, 184u);
  EXPECT_EQ(replay->remarks.size(), 2u);
  std::size_t kept = 0;
  for (const auto& home : replay->homes) kept += home.rows.size();
  EXPECT_EQ(kept, replay->rows);
  // The two clock-change days are whole: 48 half hours of every home that has the days around.
  for (const char* start : {"2012-10-06T14:00:00Z", "2013-10-05T14:00:00Z"}) {
    const UtcSeconds from = from_iso(start).value();
    std::size_t whole = 0, present = 0;
    for (const auto& home : replay->homes) {
      const std::size_t rows = home.between(from, from + 86'400).size();
      present += rows > 0 ? 1 : 0;
      whole += rows == 48 ? 1 : 0;
    }
    EXPECT_GE(whole, 40u) << start;
    EXPECT_GE(present, whole);
  }
}

// The proof that the stamps are standard time: around a change of the clock the habits of the homes move against the
// stamps by an hour, which they would not if the stamps were the wall clock's.
TEST(Replay, HabitsMoveAgainstTheStampsWhenTheWallClockChanges) {
  AMITY_NEED_REAL_HOMES(replay);
  const auto mean_day = [&](const char* first, int days) {
    std::array<double, kHalfHours> day{};
    const UtcSeconds from = from_iso(first).value() - kReplayOffsetSeconds;
    for (const auto& home : replay->homes) {
      for (const auto& row : home.between(from, from + days * 86'400)) {
        day[static_cast<std::size_t>((row.end - from) / 1'800 - 1) % kHalfHours] += row.wh;
      }
    }
    return day;
  };
  const auto before = mean_day("2012-09-16", 21);
  const auto after = mean_day("2012-10-08", 20);
  const auto shifted = [&](int by) {
    auto out = after;
    for (int i = 0; i < kHalfHours; ++i) out[i] = after[(i - by + kHalfHours) % kHalfHours];
    return correlation(before, out);
  };
  EXPECT_GT(shifted(2), shifted(0));
  EXPECT_GT(shifted(2), shifted(1));
  EXPECT_GT(shifted(2), shifted(3));
}

}  // namespace
}  // namespace amity::world
