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

}  // namespace
}  // namespace amity::ops
