#include "app/fleet_file.h"

#include <gtest/gtest.h>

#include "app/simulated_utility.h"
#include "world/virtual_world.h"

namespace amity::app {
namespace {

constexpr const char* kHead =
    R"({"format":"amity-fleet","version":1,"feeders":[],"transformers":[],"customers":[],"service_points":[],)";

TEST(FleetFile, SaysWhichElementIsWrong) {
  const auto reason = [](const std::string& json) { return to_string(parse_fleet(json).error()); };
  EXPECT_EQ(reason("{"), "malformed at byte 1: Missing a name for object member.");
  EXPECT_EQ(reason("{}"), "unsupported: this is no amity-fleet document of version 1");
  EXPECT_EQ(reason(R"({"format":"other","version":1})"), "unsupported: this is no amity-fleet document of version 1");
  EXPECT_EQ(reason(R"({"format":"amity-fleet","version":1,"feeders":[{"id":1,"name":"F"},{"id":2}]})"),
            "malformed: feeders[1]: \"name\" is not text");
  EXPECT_EQ(reason(std::string(kHead) + R"("devices":[],"channels":[],"keys":[{"device":1,)"
                                        R"("mechanism":"gmac","suite":0,"security":"authenc",)"
                                        R"("client_title":"00"}]})"),
            "malformed: keys[0]: \"client_title\" is not hexadecimal bytes of the right number");
}

TEST(FleetFile, HoldsWhatASimulatedTownWrote) {
  world::GridConfig config;
  config.meters = 30;
  const auto grid = world::build_grid(config);
  ASSERT_TRUE(grid.ok());
  world::DeviceSecrets secrets{DeviceId(3), world::meter_keys(1, "AMY", 2), world::headend_title(1)};
  const auto fleet = parse_fleet(world::fleet_to_json(grid->master, std::span(&secrets, 1)));
  ASSERT_TRUE(fleet.ok()) << to_string(fleet.error());
  EXPECT_EQ(fleet->master.devices.size(), grid->master.devices.size());
  EXPECT_EQ(fleet->master.devices[7].address, grid->master.devices[7].address);
  EXPECT_EQ(fleet->master.channels.back().source, grid->master.channels.back().source);
  EXPECT_EQ(fleet->master.service_points[5].customer, grid->master.service_points[5].customer);
  ASSERT_EQ(fleet->keys.size(), 1u);
  EXPECT_EQ(fleet->keys[0].second.current.encryption, secrets.keys.encryption);
  EXPECT_EQ(fleet->keys[0].second.meter_title, secrets.keys.title);
}

}  // namespace
}  // namespace amity::app
