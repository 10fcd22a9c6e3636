// M-Bus clients of a meter with two channels: one with a gas meter, one free.
#include "headend/mbus_devices.h"

#include <gtest/gtest.h>

#include "headend/test_meter.h"
#include "headend/test_walk.h"

namespace amity::headend {
namespace {

const Endpoint kAt{"meter", 4059};

class MbusMeter : public TestMeter {
 public:
  MbusMeter(TestLoop& loop, const Endpoint& at) : TestMeter(loop, at, DeviceKeys{}) {}

  struct Channel {
    std::uint8_t address = 0;
    Bytes key;
  };
  Channel channels[2] = {{7, {}}, {}};

  dlms::DataAccessResult get(const dlms::AssociationContext& c, const dlms::AttributeRef& a,
                             const std::optional<dlms::SelectiveAccess>& access, Bytes& bytes) override {
    if (a.class_id != 72) return TestMeter::get(c, a, access, bytes);
    const bool used = channel_of(a.instance).address != 0;
    dlms::DataWriter out(bytes);
    switch (static_cast<dlms::MbusClientAttribute>(a.attribute)) {
      case dlms::MbusClientAttribute::kPrimaryAddress: out.uint8(channel_of(a.instance).address); break;
      case dlms::MbusClientAttribute::kIdentificationNumber: out.uint32(used ? 0x00012345 : 0); break;
      case dlms::MbusClientAttribute::kManufacturerId: out.uint16(used ? 0x2C2D : 0); break;
      case dlms::MbusClientAttribute::kDeviceType: out.uint8(used ? 3 : 0); break;
      default: out.uint8(used ? 1 : 0);
    }
    return dlms::DataAccessResult::kSuccess;
  }

  dlms::ActionResult action(const dlms::AssociationContext& c, const dlms::MethodRef& m,
                            const std::optional<ByteView>& parameters, Bytes& out) override {
    if (m.class_id != 72) return TestMeter::action(c, m, parameters, out);
    Channel& channel = channel_of(m.instance);
    dlms::DataTree tree;
    EXPECT_TRUE(tree.parse(*parameters).ok());
    switch (static_cast<dlms::MbusClientMethod>(m.method)) {
      case dlms::MbusClientMethod::kSlaveInstall:
        if (channel.address != 0) return dlms::ActionResult::kTemporaryFailure;
        channel.address = static_cast<std::uint8_t>(std::max<std::int64_t>(1, tree.root().number()));
        break;
      case dlms::MbusClientMethod::kSlaveDeinstall: channel = {}; break;
      case dlms::MbusClientMethod::kSetEncryptionKey:
        channel.key.assign(tree.root().bytes().begin(), tree.root().bytes().end());
        break;
      default: return dlms::ActionResult::kObjectUndefined;
    }
    return dlms::ActionResult::kSuccess;
  }

 private:
  Channel& channel_of(const dlms::Obis& object) { return channels[object.view()[1] - 1]; }
};

std::vector<CosemObject> two_clients() {
  std::vector<CosemObject> objects(3);
  objects[0].class_id = objects[1].class_id = dlms::kMbusClientClass;
  objects[0].obis = dlms::Obis(0, 1, 24, 1, 0, 255);
  objects[1].obis = dlms::Obis(0, 2, 24, 1, 0, 255);
  objects[2].class_id = 8;
  return objects;
}

TEST(MbusDevices, WhichThereAre) {
  TestLoop loop{UtcSeconds(1'790'000'000)};
  MbusMeter meter(loop, kAt);
  std::vector<dlms::MbusSlave> slaves;
  on_link(loop, kAt, [&slaves](DeviceLink& link) -> Task<void> {
    auto read = co_await read_mbus_slaves(link, two_clients());
    EXPECT_TRUE(read.ok());
    if (read.ok()) slaves = *read;
  });
  ASSERT_EQ(slaves.size(), 2u);
  EXPECT_EQ(slaves[0].identification, 12'345u);
  EXPECT_EQ(slaves[0].manufacturer, "KAM");
  EXPECT_EQ(slaves[0].device_type, 3);
  EXPECT_EQ(slaves[1].channel, 2);
  EXPECT_FALSE(slaves[1].installed());
  EXPECT_EQ(dlms::to_reduced(mbus_value(2, 1)), "0-2:24.2.1*255");
}

TEST(MbusDevices, OneIsTakenInGivenItsKeyAndLetGo) {
  TestLoop loop{UtcSeconds(1'790'000'000)};
  MbusMeter meter(loop, kAt);
  std::vector<std::string> said;
  on_link(loop, kAt, [&said](DeviceLink& link) -> Task<void> {
    const auto say = [&said](const Status& s) { said.push_back(s.ok() ? "done" : to_string(s.error())); };
    say(co_await install_mbus_slave(link, 1, 0));
    say(co_await install_mbus_slave(link, 2, 0));
    say(co_await set_mbus_key(link, false, 2, Bytes(16, 0x11)));
    say(co_await set_mbus_key(link, true, 2, Bytes(15, 0x11)));
    say(co_await set_mbus_key(link, true, 2, Bytes(16, 0x11)));
    say(co_await deinstall_mbus_slave(link, 1));
  });
  EXPECT_EQ(said, (std::vector<std::string>{"refused: M-Bus channel 1: temporary-failure", "done",
                                            "security: a key would travel unencrypted",
                                            "invalid: an M-Bus key has 16 bytes", "done", "done"}));
  EXPECT_EQ(meter.channels[0].address, 0);
  EXPECT_EQ(meter.channels[1].address, 1);
  EXPECT_EQ(meter.channels[1].key, Bytes(16, 0x11));
}

}  // namespace
}  // namespace amity::headend
