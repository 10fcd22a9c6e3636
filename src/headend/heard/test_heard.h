// For tests: a sink in virtual time over a registry, readings and events in memory.
#pragma once

#include <gtest/gtest.h>

#include "driver/embedded_models.h"
#include "headend/fakes.h"
#include "headend/heard/sink.h"
#include "headend/test_loop.h"

namespace amity::heard {

using namespace std::chrono_literals;

inline constexpr UtcSeconds kStart{1'790'000'000 / 3'600 * 3'600 + 10};

struct HeardTest : ::testing::Test {
  headend::TestLoop loop{kStart};
  headend::FakeRegistry registry;
  headend::FakeReadings readings;
  headend::FakeEvents events;
  headend::FakeIntake intake{readings, events};
  driver::ModelSet models = driver::load_models().value();
  std::unique_ptr<headend::KeyRing> ring;
  std::unique_ptr<headend::ReportIntake> reports;
  std::unique_ptr<Sink> sink;
  std::size_t contacts = 0;

  void SetUp() override {
    ring = std::move(headend::KeyRing::open(registry, Bytes(32, 1), loop, false)).value();
    reports = std::make_unique<headend::ReportIntake>(
        registry, models, TimeZone::find("Europe/Madrid").value(), "heard");
    sink = std::make_unique<Sink>(SinkContext{loop.runtime(), registry, *ring, *reports, intake,
                                              [this](Fact) { ++contacts; }});
  }
  DeviceId add(std::string serial, std::string maker, std::string protocol, Bytes key = {}) {
    Device device;
    device.id = DeviceId(static_cast<std::uint32_t>(registry.device_map.size() + 1));
    device.serial = std::move(serial);
    device.manufacturer = std::move(maker);
    device.protocol = std::move(protocol);
    device.address = device.protocol + ":";
    registry.device_map[device.id.value] = device;
    if (!key.empty()) {
      headend::DeviceKeys keys;
      keys.current.encryption = std::move(key);
      EXPECT_TRUE(ring->put(device.id, keys).ok());
    }
    return device.id;
  }
  // "volume 28504270e-3 at 10; " of every channel, in their order; seconds since kStart
  std::string kept() {
    std::string all;
    for (const Channel& c : registry.channel_list) {
      for (const auto& [time, reading] : readings.kept[c.id.value])
        all += c.name + " " + std::to_string(reading.value) + "e" + std::to_string(c.exponent) +
               " at " + std::to_string(time - kStart.value) + "; ";
    }
    return all;
  }
};

}  // namespace amity::heard
