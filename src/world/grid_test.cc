#include "world/grid.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/civil.h"

namespace amity::world {
namespace {

GridConfig config_of(std::uint32_t meters, std::uint64_t seed = 1) {
  GridConfig c;
  c.meters = meters;
  c.seed = seed;
  c.commissioned = utc_from_civil(2026, 1, 1, 0, 0, 0);
  return c;
}

TEST(Grid, EverythingRefersToSomethingThatIsThere) {
  const auto grid = build_grid(config_of(2'000));
  ASSERT_TRUE(grid.ok());
  const store::MasterData& m = grid->master;
  ASSERT_EQ(m.devices.size(), 2'000u);
  EXPECT_EQ(m.service_points.size(), 2'000u);
  EXPECT_EQ(m.customers.size(), 2'000u);
  EXPECT_EQ(m.channels.size(), 2'000u * kChannelsPerMeter);
  EXPECT_GE(m.transformers.size(), 2'000u / 60);
  EXPECT_GE(m.feeders.size(), 3u);
  for (std::size_t i = 0; i < m.devices.size(); ++i) {
    EXPECT_EQ(m.devices[i].id.value, i + 1);
    EXPECT_EQ(m.devices[i].service_point, m.service_points[i].id);
    EXPECT_LE(m.service_points[i].transformer.value, m.transformers.size());
  }
  for (const Transformer& t : m.transformers) EXPECT_LE(t.feeder.value, m.feeders.size());
  std::set<std::string> serials, addresses, points;
  for (const Device& d : m.devices) {
    EXPECT_TRUE(serials.insert(d.serial).second) << d.serial;
    EXPECT_TRUE(addresses.insert(d.address).second) << d.address;
  }
  for (const ServicePoint& p : m.service_points) EXPECT_TRUE(points.insert(p.address).second) << p.address;
}

TEST(Grid, SameSeedSameTown) {
  const auto a = build_grid(config_of(500, 9)), b = build_grid(config_of(500, 9)), c = build_grid(config_of(500, 10));
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  bool differs = false;
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(a->master.service_points[i].address, b->master.service_points[i].address);
    EXPECT_EQ(a->master.customers[i].name, b->master.customers[i].name);
    EXPECT_EQ(a->master.devices[i].address, b->master.devices[i].address);
    differs |= a->master.customers[i].name != c->master.customers[i].name;
  }
  EXPECT_TRUE(differs);
}

TEST(Grid, ConcentratorsHoldAboutAHundredMetersAndSomeAreDirect) {
  const auto grid = build_grid(config_of(5'000));
  ASSERT_TRUE(grid.ok());
  std::map<std::string, int> segments;
  for (const Device& d : grid->master.devices) ++segments[d.segment];
  EXPECT_GT(segments[""], 1'000);
  EXPECT_EQ(segments.size(), grid->concentrators + 1u);
  for (const auto& [name, count] : segments) {
    if (!name.empty()) {
      EXPECT_LE(count, 120) << name;
    }
  }
  const Device& direct = *std::ranges::find(grid->master.devices, "", &Device::segment);
  EXPECT_TRUE(direct.address.starts_with("dlms+tcp://127.16."));
  EXPECT_TRUE(direct.address.ends_with(":4059?client=1&server=1"));
  const Device& behind = *std::ranges::find_if(grid->master.devices, [](auto& d) { return !d.segment.empty(); });
  EXPECT_TRUE(behind.address.starts_with("dlms+tcp://127.24.0.")) << behind.address;
  EXPECT_TRUE(behind.address.ends_with("&gateway=0/" + to_hex(as_bytes(behind.serial)))) << behind.address;
}

TEST(Grid, HomesStandNearTheirTransformer) {
  const auto grid = build_grid(config_of(3'000));
  ASSERT_TRUE(grid.ok());
  std::set<std::string> models;
  for (const ServicePoint& p : grid->master.service_points) {
    const Transformer& t = grid->master.transformers[p.transformer.value - 1];
    EXPECT_LT(std::abs(p.latitude - t.latitude), 0.003);
    EXPECT_LT(std::abs(p.longitude - t.longitude), 0.003);
  }
  for (const Device& d : grid->master.devices) models.insert(d.model);
  EXPECT_EQ(models.size(), 4u);
}

TEST(Grid, AddressesLeadBackToTheirMeter) {
  for (const std::uint32_t i : {0u, 1u, 254u, 255u, 65'535u, 99'999u, 249'999u}) {
    const auto meter = addressed(meter_host(i)), concentrator = addressed(concentrator_host(i));
    ASSERT_TRUE(meter && concentrator) << i;
    EXPECT_FALSE(meter->concentrator);
    EXPECT_EQ(meter->index, i);
    EXPECT_TRUE(concentrator->concentrator);
    EXPECT_EQ(concentrator->index, i);
  }
  EXPECT_EQ(meter_host(0), "127.16.0.1");
  for (const char* host : {"127.0.0.1", "127.32.0.1", "10.16.0.1", "127.16.0.0", "127.24.0.0", "meter",
      "127.16.0.1x"}) {
    EXPECT_FALSE(addressed(host)) << host;
  }
}

TEST(Grid, ALargeTownIsBuiltWhole) {
  const auto grid = build_grid(config_of(20'000));
  ASSERT_TRUE(grid.ok());
  std::set<std::string> addresses;
  for (const ServicePoint& p : grid->master.service_points) addresses.insert(p.address);
  EXPECT_EQ(addresses.size(), 20'000u);
  EXPECT_FALSE(build_grid(config_of(1'000'000)).ok());
}

}  // namespace
}  // namespace amity::world
