// For tests: a simulated utility in a directory that is gone afterwards, and what its store holds.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "app/simulated_utility.h"

namespace amity::app {

inline constexpr std::int64_t kDay_s = 86'400;

class Scratch {
 public:
  Scratch() { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
  ~Scratch() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "amity-e2e-XXXXXX").string();
};

// A town without faults of its own.
inline world::FleetConfig fleet_of(const char* mix, std::uint32_t meters,
                                   std::int32_t history_days) {
  world::FleetConfig config;
  config.meters = meters;
  config.mix = world::DeviceMix::parse(mix).value();
  config.port = 0;
  config.history_days = history_days;
  config.faults = world::FaultRates::none();
  return config;
}

inline roles::PlatformOptions options_in(const std::string& directory) {
  roles::PlatformOptions options;
  options.data_directory = directory;
  options.http.listen.port = 0;
  options.http.password_passes = 1;
  options.http.password_memory_bytes = 8 << 20;
  options.admin_password = "end-to-end";
  options.headends = 2;
  options.headend.read.interval_s = 300;
  options.headend.read.offset_s = 0;
  options.headend.read.spread_s = 1;
  options.headend.read.catch_up_s = 2;  // in real time
  options.headend.read.backfill_s = 60 * kDay_s;
  return options;
}

inline ChannelId channel_named(store::Registry& registry, DeviceId device,
                               const std::string& name) {
  const auto channels = registry.channels_of(device);
  for (const Channel& channel : *channels) {
    if (channel.name == name && channel.kind == ChannelKind::kInterval) return channel.id;
  }
  return {};
}

template <class Done>
bool wait_until(std::chrono::seconds patience, Done&& done) {
  for (auto waited = std::chrono::milliseconds(0); waited < patience;
       waited += std::chrono::milliseconds(100)) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return done();
}

// Every register reading of the device that is stored, by time.
inline std::map<UtcSeconds, std::int64_t> registers_of(store::Store& store, DeviceId device,
                                                       const std::string& name) {
  std::map<UtcSeconds, std::int64_t> out;
  const auto channels = store.registry().channels_of(device);
  for (const Channel& channel : *channels) {
    if (channel.name != name || channel.kind != ChannelKind::kRegister) continue;
    const auto readings = store.readings().read(channel.id, UtcSeconds(0), UtcSeconds(1LL << 33));
    for (const Reading& r : *readings) out[r.time] = r.value;
  }
  return out;
}

}  // namespace amity::app
