// For tests: the role of what is heard over a store in memory, on the real clock.
#pragma once

#include <gtest/gtest.h>

#include "intake/make_intake.h"
#include "roles/heard_role.h"
#include "runtime/system.h"
#include "store/memory.h"

namespace amity::roles {

struct HeardRoleFixture : ::testing::Test {
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  std::unique_ptr<HeardRole> role;  // before the store, as in the platform
  std::unique_ptr<store::MemoryStore> store =
      std::move(store::open_memory(std::make_shared<store::MemoryDisk>())).value();
  std::unique_ptr<headend::KeyRing> keys =
      std::move(headend::KeyRing::open(store->registry(), Bytes(32, 1), random, true)).value();
  std::unique_ptr<intake::Intake> intake = std::move(intake::make_intake(*store, clock)).value();

  // One device, and the role, not yet started.
  void prepare(std::string serial, std::string protocol, std::string address) {
    store::MasterData data;
    Device device;
    device.id = DeviceId(1);
    device.serial = std::move(serial);
    device.protocol = std::move(protocol);
    device.address = std::move(address);
    data.devices.push_back(device);
    ASSERT_TRUE(store->registry().add(data).ok());
    role = std::make_unique<HeardRole>(*store, *intake, *keys, TimeZone::utc());
  }
  // Of the device's first channel.
  std::vector<Reading> kept() {
    store->pump();
    const auto channels = store->registry().channels_of(DeviceId(1));
    if (!channels.ok() || channels->empty()) return {};
    return store->readings().read(channels->front().id, UtcSeconds(0), clock.utc() + 60).value();
  }
};

}  // namespace amity::roles
