// What comes by itself, over real sockets on loopback, down to the store.
#include "roles/heard_role.h"

#include <gtest/gtest.h>

#include "intake/make_intake.h"
#include "runtime/runtime_test_support.h"
#include "runtime/system.h"
#include "store/memory.h"

namespace amity::roles {
namespace {

using namespace std::chrono_literals;
using runtime::testing::Recorder;
using runtime::testing::serve_until;

// A water meter without encryption: 850.427 m3.
constexpr const char* kWater = "14442D2C010000001B167A2A0000000C1327048500";

struct HeardRoleTest : ::testing::Test {
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  std::unique_ptr<HeardRole> role;  // before the store, as in the platform
  std::unique_ptr<store::MemoryStore> store =
      std::move(store::open_memory(std::make_shared<store::MemoryDisk>())).value();
  std::unique_ptr<headend::KeyRing> keys =
      std::move(headend::KeyRing::open(store->registry(), Bytes(32, 1), random, true)).value();
  std::unique_ptr<intake::Intake> intake = std::move(intake::make_intake(*store, clock)).value();
  runtime::Reactor sender;

  void SetUp() override {
    store::MasterData data;
    Device device;
    device.id = DeviceId(1);
    device.serial = "00000001";
    device.protocol = "wmbus";
    device.address = "wmbus:";
    data.devices.push_back(device);
    ASSERT_TRUE(store->registry().add(data).ok());
    role = std::make_unique<HeardRole>(*store, *intake, *keys, TimeZone::utc());
  }
  void TearDown() override { role->stop(); }

  std::vector<Reading> volumes() {
    store->pump();
    const auto channels = store->registry().channels_of(DeviceId(1));
    if (!channels.ok() || channels->empty()) return {};
    return store->readings().read(channels->front().id, UtcSeconds(0), clock.utc() + 60).value();
  }
};

TEST_F(HeardRoleTest, FramesOverTcpAndUdp) {
  HeardOptions options;
  options.frames_tcp = {{"127.0.0.1", 0}};
  options.frames_udp = {{"127.0.0.1", 0}};
  ASSERT_TRUE(role->start(options).ok());
  ASSERT_EQ(role->frames().size(), 2u);
  Network& network = sender.runtime().network;
  Recorder recorder;
  auto stream = network.connect(role->frames()[0], 2s, &recorder);
  ASSERT_TRUE(serve_until(sender, [&] { return recorder.opened; }));
  stream->send(runtime::testing::text_bytes(std::string(kWater) + "\n"));
  ASSERT_TRUE(serve_until(sender, [&] { return volumes().size() == 1; }));
  EXPECT_EQ(volumes()[0].value, 850'427);
  auto socket = network.open_datagram({"127.0.0.1", 0}, [](const Endpoint&, ByteView) {});
  ASSERT_TRUE(socket.ok());
  (*socket)->send_to(role->frames()[1], *from_hex(kWater));
  ASSERT_TRUE(serve_until(sender, [&] { return role->totals()["frames"].frames == 2; }));
  EXPECT_EQ(role->totals()["frames"].duplicates, 1u);
  EXPECT_EQ(role->totals()["frames"].readings, 1u);
}

TEST_F(HeardRoleTest, APortThatIsTakenIsAnErrorThatNamesIt) {
  HeardOptions options;
  options.frames_tcp = {{"127.0.0.1", 0}};
  ASSERT_TRUE(role->start(options).ok());
  HeardRole other(*store, *intake, *keys, TimeZone::utc());
  options.frames_tcp = {role->frames()[0]};
  const Status status = other.start(options);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().reason.find(role->frames()[0].to_string()), std::string::npos);
}

}  // namespace
}  // namespace amity::roles
