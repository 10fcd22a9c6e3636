// The district meter of the water mains against the meters of the homes it feeds.
#include <gtest/gtest.h>

#include <algorithm>

#include "world/fleet.h"
#include "world/virtual_world.h"

namespace amity::world {
namespace {

constexpr std::int64_t kDays = 5;

struct Town {
  explicit Town(const char* mix, double grid_meters = 0.6)
      : world(1, from_iso("2026-03-20T10:07:00Z").value()),
        process(world.add_process("127.0.0.1")) {
    FleetConfig config;
    config.meters = 100;
    config.history_days = 6;
    config.grid_meter_share = grid_meters;
    config.listen_on_each = true;
    config.mix = DeviceMix::parse(mix).value();
    auto made = Fleet::make(process.runtime(), config);
    EXPECT_TRUE(made.ok());
    fleet = std::move(*made);
  }
  // Over the five whole days before today, litres.
  std::int64_t passed(const ResourceMeter& meter) const {
    const UtcSeconds end(world.utc().value / 86'400 * 86'400);
    return meter.register_at(end) - meter.register_at(end - kDays * 86'400);
  }

  VirtualWorld world;
  VirtualProcess& process;
  std::unique_ptr<Fleet> fleet;
};

TEST(WaterDistrict, ItsMeterCountsWhatTheHomesDrawAndWhatLeaks) {
  const Town town("dlms=92,dlms-mbus=8");
  const auto& district = town.fleet->district();
  ASSERT_TRUE(district);
  EXPECT_EQ(district->name, "Water district 1");
  ASSERT_EQ(district->beneath.size(), 4u) << "of each two behind a meter one is for water";
  std::int64_t metered = 0;
  for (const auto& meter : town.fleet->side().resources()) {
    if (std::ranges::count(district->beneath, meter->serial()) == 0) continue;
    EXPECT_EQ(meter->commodity(), Commodity::kWater);
    metered += town.passed(*meter);
  }
  const std::int64_t supplied = town.passed(*district->meter);
  const auto leak = static_cast<std::int64_t>(district->meter->district()->leak_l_per_step);
  EXPECT_EQ(supplied - metered, leak * 96 * kDays) << "litre by litre";
  EXPECT_GT(supplied - metered, supplied / 10);
  EXPECT_LT(supplied - metered, supplied / 2);
}

TEST(WaterDistrict, StandsInTheMasterDataAtAPointWithoutACustomer) {
  const Town town("dlms=92,dlms-mbus=8");
  const auto& district = town.fleet->district();
  ASSERT_TRUE(district);
  const store::MasterData& master = town.fleet->master_data();
  const auto at = std::ranges::find(master.devices, district->serial, &Device::serial);
  ASSERT_NE(at, master.devices.end());
  EXPECT_EQ(at->id.value, static_cast<std::uint32_t>(at - master.devices.begin()) + 1);
  EXPECT_EQ(at->protocol, "dlms-mbus");
  const ServicePoint& point = master.service_points[at->service_point.value - 1];
  EXPECT_EQ(point.name, "Water district 1");
  EXPECT_FALSE(point.customer.valid());
  // The meter of the grid that reads it, and the channel that a sum can name before it was read.
  const GridMeter& host = *std::ranges::find_if(town.fleet->grid_plan().meters, &GridMeter::feeder);
  EXPECT_TRUE(master.devices[host.device.value - 1].model.ends_with(kMbusVariant));
  const auto volume = std::ranges::find(master.channels, at->id, &Channel::device);
  ASSERT_NE(volume, master.channels.end());
  EXPECT_EQ(volume->name, "volume");
  std::vector<std::uint32_t> ids;
  for (const Channel& c : master.channels) ids.push_back(c.id.value);
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
}

TEST(WaterDistrict, IsNotThereWithoutMetersOfTheGridOrOfWater) {
  EXPECT_FALSE(Town("dlms=92,dlms-mbus=8", 0).fleet->district());
  EXPECT_FALSE(Town("dlms=1").fleet->district());
}

}  // namespace
}  // namespace amity::world
