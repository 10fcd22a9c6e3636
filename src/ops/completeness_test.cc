#include "ops/completeness.h"

#include <gtest/gtest.h>

namespace amity::ops {
namespace {

constexpr UtcDay kDay(20'000);
const UtcSeconds kMidnight = kDay.start();

struct Fleet {
  Completeness completeness{kDay};

  Fleet() {
    add(1, "dc-1", 0);
    add(2, "dc-1", 0);
    add(3, "dc-2", 5);
  }
  void add(std::uint32_t id, const std::string& segment, int commissioned_hour) {
    Device device;
    device.id = DeviceId(id);
    device.commissioned = kMidnight + commissioned_hour * 3600;
    DeviceGroups groups;
    groups.of = {
        CompletenessGroup{segment, segment, 0}, {"f1", "f1", 0}, {"t1", "t1", 0}, {"m1", "m1", 0}};
    Channel channel;
    channel.id = ChannelId(id);
    channel.device = device.id;
    channel.interval_s = 900;
    Channel daily;
    daily.id = ChannelId(id + 100);
    daily.kind = ChannelKind::kRegister;
    completeness.add_device(device, groups, {channel, daily});
  }
  bool read(std::uint32_t channel, int minute) {
    return completeness.add({ChannelId(channel), kMidnight + minute * 60, 7, {}});
  }
};

TEST(Completeness, CountsAnIntervalOnceInTheHourItEndsIn) {
  Fleet fleet;
  EXPECT_TRUE(fleet.read(1, 15));
  EXPECT_FALSE(fleet.read(1, 15));  // repeated
  EXPECT_TRUE(fleet.read(1, 60));   // 01:00 ends the first hour
  EXPECT_TRUE(fleet.read(1, 75));
  EXPECT_FALSE(fleet.read(1, 77));    // no interval ends there
  EXPECT_FALSE(fleet.read(101, 60));  // a register is no interval
  const auto table = fleet.completeness.table(GroupBy::kSegment, kMidnight, kMidnight + 7200, 3600,
                                              kMidnight + 7200);
  ASSERT_EQ(table.groups.size(), 2u);
  EXPECT_EQ(table.groups[0].name, "dc-1");
  EXPECT_EQ(table.groups[0].devices, 2u);
  EXPECT_EQ(table.times, (std::vector{kMidnight + 3600, kMidnight + 7200}));
  EXPECT_EQ(table.cells[0][0].received, 2u);
  EXPECT_EQ(table.cells[0][0].expected, 8u);
  EXPECT_EQ(table.cells[0][1].received, 1u);
  EXPECT_EQ(table.cells[1][0].expected, 0u);  // not yet commissioned
}

TEST(Completeness, AReplacedDeviceIsExpectedUpToItsEndAndNoLonger) {
  Fleet fleet;
  for (const int minute : {15, 30, 45, 60, 75, 135}) EXPECT_TRUE(fleet.read(1, minute));
  fleet.completeness.end_device(DeviceId(1), kMidnight + 7'000);  // within the second hour
  EXPECT_FALSE(fleet.read(1, 90));
  fleet.completeness.end_device(DeviceId(1), kMidnight + 3 * 3600);  // told again
  const UtcSeconds now = kMidnight + 3 * 3600;
  const auto table = fleet.completeness.table(GroupBy::kSegment, kMidnight, now, 3600, now);
  EXPECT_EQ(table.groups[0].devices, 1u);
  EXPECT_EQ(table.cells[0][0].received, 4u);
  EXPECT_EQ(table.cells[0][0].expected, 8u);
  for (const std::size_t hour : {1u, 2u}) {
    EXPECT_EQ(table.cells[0][hour].received, 0u) << hour;
    EXPECT_EQ(table.cells[0][hour].expected, 4u) << hour;
  }
  EXPECT_EQ(fleet.completeness.device(DeviceId(1), kMidnight, now).expected, 0u);
  // Back again, on other hours than it had: none is expected twice.
  fleet.add(1, "dc-1", 0);
  EXPECT_TRUE(fleet.read(1, 90));
  EXPECT_EQ(fleet.completeness.fleet(kMidnight, now).expected, 4u + 3 * 4 + 2 * 4);
  EXPECT_EQ(fleet.completeness.fleet(kMidnight, now).received, 5u);
}

TEST(Completeness, ExpectsADeviceFromItsCommissioningOnAndOnlyClosedHours) {
  Fleet fleet;
  const auto now = kMidnight + 6 * 3600 + 1800;
  const auto table =
      fleet.completeness.table(GroupBy::kSegment, kMidnight, kMidnight + 86'400, 3600, now);
  EXPECT_EQ(table.times.size(), 6u);
  EXPECT_EQ(table.cells[1][4].expected, 0u);
  EXPECT_EQ(table.cells[1][5].expected, 4u);
  EXPECT_EQ(fleet.completeness.device(DeviceId(3), kMidnight, now).expected, 4u);
  EXPECT_EQ(fleet.completeness.fleet(kMidnight, now).expected, 2u * 6 * 4 + 4);
}

TEST(Completeness, ForgetsDaysBeforeTheWindow) {
  Fleet fleet;
  EXPECT_TRUE(fleet.read(1, 15));
  fleet.completeness.advance(UtcDay(kDay.value + 1));
  EXPECT_FALSE(fleet.read(1, 30));
  EXPECT_TRUE(fleet.read(1, 24 * 60 + 15));
  EXPECT_EQ(fleet.completeness.device(DeviceId(1), kMidnight, kMidnight + 2 * 86'400).received, 1u);
}

// Registers alone, of a meter that was commissioned long before it was heard.
struct Radio {
  Completeness completeness{kDay};

  Radio() { add({ChannelKind::kRegister, 900, 0}); }
  struct Kind {
    ChannelKind kind;
    std::uint32_t id;
    std::uint32_t interval_s;
  };
  void add(const Kind& kind) {
    Device device;
    device.id = DeviceId(9);
    device.commissioned = kMidnight;
    DeviceGroups groups;
    groups.of = {CompletenessGroup{"w", "w", 0}, {"f1", "f1", 0}, {"t1", "t1", 0}, {"m1", "m1", 0}};
    Channel channel;
    channel.id = ChannelId(kind.id);
    channel.device = device.id;
    channel.kind = kind.kind;
    channel.interval_s = kind.interval_s;
    completeness.add_device(device, groups, {channel});
  }
  void hear(int minute) { completeness.add({ChannelId(900), kMidnight + minute * 60, 7, {}}); }
  std::string figure(int until_hour) {
    const UtcSeconds until = kMidnight + until_hour * 3'600;
    const Tally device = completeness.device(DeviceId(9), kMidnight, until);
    const Tally fleet = completeness.fleet(kMidnight, until);
    EXPECT_EQ(device.received, fleet.received);
    EXPECT_EQ(device.expected, fleet.expected);
    return std::to_string(device.received) + " of " + std::to_string(device.expected);
  }
};

TEST(CompletenessOfRegisters, AMeterThatIsHeardOftenMissesTheHoursWithoutIt) {
  Radio radio;
  EXPECT_EQ(radio.figure(10), "0 of 0");
  for (int minute = 5 * 60 + 7; minute < 8 * 60; minute += 15) radio.hear(minute);
  EXPECT_EQ(radio.figure(5), "0 of 0") << "nothing is expected before it was heard";
  EXPECT_EQ(radio.figure(8), "3 of 3");
  EXPECT_EQ(radio.figure(10), "3 of 5");
  for (int minute = 10 * 60 + 3; minute < 12 * 60; minute += 15) radio.hear(minute);
  EXPECT_EQ(radio.figure(12), "5 of 7") << "8 to 10 stays lost";
}

TEST(CompletenessOfRegisters, AMeterThatSpeaksOnceADayIsExpectedOnceADay) {
  Radio radio;
  for (const int day : {0, 1, 2}) radio.hear(day * 1'440 + 380);
  EXPECT_EQ(radio.figure(3 * 24), "66 of 66");
  EXPECT_EQ(radio.figure(4 * 24), "72 of 90") << "the telegram of the fourth day is missing";
}

TEST(CompletenessOfRegisters, OneLongSilenceIsNoPeriod) {
  Radio radio;
  radio.hear(67);
  radio.hear(20 * 60 + 7);
  EXPECT_EQ(radio.figure(24), "2 of 23") << "once a day, or silent for long: nobody knows";
  for (int minute = 20 * 60 + 22; minute < 24 * 60; minute += 15) radio.hear(minute);
  EXPECT_EQ(radio.figure(24), "5 of 23");
}

TEST(CompletenessOfRegisters, TheyCountNoMoreOnceThereAreIntervals) {
  Radio radio;
  radio.hear(70);
  EXPECT_EQ(radio.figure(3), "1 of 2");
  radio.add({ChannelKind::kInterval, 901, 900});
  EXPECT_EQ(radio.figure(3), "0 of 12");
  radio.hear(130);
  EXPECT_EQ(radio.figure(3), "0 of 12");
}

}  // namespace
}  // namespace amity::ops
