// The walk of a reading, whole: real homes, virtual meters, DLMS on real sockets, head-end, intake, journal, store.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "app/admin_command.h"
#include "app/exit_codes.h"
#include "app/simulated_utility.h"

namespace amity::app {
namespace {

constexpr std::int64_t kDay_s = 86'400;

class Scratch {
 public:
  Scratch() { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
  ~Scratch() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "amity-e2e-XXXXXX").string();
};

roles::PlatformOptions options_in(const std::string& directory) {
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
  options.headend.read.backfill_s = 60 * kDay_s;
  return options;
}

ChannelId channel_named(store::Registry& registry, DeviceId device, const std::string& name) {
  const auto channels = registry.channels_of(device);
  for (const Channel& channel : *channels) {
    if (channel.name == name && channel.kind == ChannelKind::kInterval) return channel.id;
  }
  return {};
}

template <class Done>
bool wait_until(std::chrono::seconds patience, Done&& done) {
  for (auto waited = std::chrono::milliseconds(0); waited < patience; waited += std::chrono::milliseconds(100)) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return done();
}

TEST(EndToEnd, EveryIntervalOfTheRealHomesIsInTheStoreExactly) {
  const std::string directory = std::string(AMITY_SOURCE_DIR) + "/../shared/data/sgsc_households";
  if (!std::filesystem::exists(directory)) GTEST_SKIP() << "no real homes at " << directory;
  auto replay = world::load_replay(directory);
  ASSERT_TRUE(replay.ok()) << to_string(replay.error());

  world::FleetConfig config;
  config.replay = std::make_shared<const world::Replay>(std::move(*replay));
  config.meters = 0;
  config.port = 0;
  config.history_days = 35;  // over the first Sunday of October, two weeks before the end
  config.faults = world::FaultRates::none();
  const Scratch scratch;
  auto utility = SimulatedUtility::start(config, options_in(scratch.path()));
  ASSERT_TRUE(utility.ok()) << to_string(utility.error());
  const world::Fleet& fleet = (*utility)->fleet();
  store::Store& store = (*utility)->platform().store();
  ASSERT_EQ(fleet.size(), config.replay->homes.size());

  const UtcSeconds until = fleet.born() + 34 * kDay_s, after = fleet.born() + kDay_s;
  const std::int64_t shift_s = fleet.replay_shift_s();
  const auto expected = world::expected_intervals(*config.replay, after - shift_s, until - shift_s);
  ASSERT_GT(expected.size(), 50u * 30 * 40) << "30 days of half hours of 50 homes, less what is missing";
  std::map<std::uint32_t, std::size_t> due;
  for (const auto& interval : expected) ++due[interval.home];

  const auto stored = [&](std::uint32_t home) {
    const ChannelId channel = channel_named(store.registry(), DeviceId(home + 1), "import");
    return *store.readings().read(channel, after, until);
  };
  ASSERT_TRUE(wait_until(std::chrono::seconds(120), [&] {
    for (const auto& [home, count] : due) {
      if (stored(home).size() < count) return false;
    }
    return true;
  })) << "the head-end did not read everything";

  std::size_t compared = 0, moved = 0;
  for (const auto& [home, count] : due) {
    std::map<UtcSeconds, std::int64_t> have;
    for (const Reading& reading : stored(home)) have[reading.time] = reading.value;
    EXPECT_EQ(have.size(), count) << "home " << home << " has intervals that the file has not";
    for (const auto& row : config.replay->homes[home].between(after - shift_s, until - shift_s)) {
      const auto found = have.find(row.end + shift_s);
      ASSERT_NE(found, have.end()) << "home " << home << " at " << to_iso(row.end);
      EXPECT_EQ(found->second, row.wh) << "home " << home << " at " << to_iso(row.end);
      ++compared;
      moved += row.moved ? 1 : 0;
    }
  }
  EXPECT_EQ(compared, expected.size());
  EXPECT_GT(moved, 50u) << "the faulty clock-change day is among them";
  std::printf("%zu intervals of %zu homes compared, %zu of them with repeated stamps\n", compared, due.size(), moved);
}

TEST(EndToEnd, AnOnDemandReadWalksToTheMeterAndBack) {
  world::FleetConfig config;
  config.meters = 12;
  config.port = 0;
  config.history_days = 2;
  const Scratch scratch;
  auto options = options_in(scratch.path());
  options.headend.scheduled = false;  // nothing is read but what is asked for
  auto utility = SimulatedUtility::start(config, std::move(options));
  ASSERT_TRUE(utility.ok()) << to_string(utility.error());
  roles::Platform& platform = (*utility)->platform();
  store::Store& store = platform.store();

  Command command;
  command.id = *store.registry().next_command_id();
  command.device = DeviceId(7);
  command.requested_by = "test";
  platform.submit(command);
  const auto state = [&] { return store.registry().command(command.id).value()->state; };
  ASSERT_TRUE(wait_until(std::chrono::seconds(30), [&] {
    const auto kept = store.registry().command(command.id);
    return kept.ok() && *kept && (*kept)->state != CommandState::kQueued && (*kept)->state != CommandState::kRunning;
  }));
  EXPECT_EQ(state(), CommandState::kDone) << store.registry().command(command.id).value()->result;
  const ChannelId channel = channel_named(store.registry(), DeviceId(7), "import");
  EXPECT_GT(store.readings().read(channel, UtcSeconds(0), UtcSeconds(1LL << 33)).value().size(), 96u);
  const ChannelId other = channel_named(store.registry(), DeviceId(8), "import");
  EXPECT_TRUE(store.readings().read(other, UtcSeconds(0), UtcSeconds(1LL << 33)).value().empty());
}

// Every register reading of the device that is stored, by time.
std::map<UtcSeconds, std::int64_t> registers_of(store::Store& store, DeviceId device, const std::string& name) {
  std::map<UtcSeconds, std::int64_t> out;
  const auto channels = store.registry().channels_of(device);
  for (const Channel& channel : *channels) {
    if (channel.name != name || channel.kind != ChannelKind::kRegister) continue;
    const auto readings = store.readings().read(channel.id, UtcSeconds(0), UtcSeconds(1LL << 33));
    for (const Reading& r : *readings) out[r.time] = r.value;
  }
  return out;
}

TEST(EndToEnd, RadioTelegramsOfWaterAndGasAreInTheStoreExactly) {
  world::FleetConfig config;
  config.meters = 60;
  config.mix = world::DeviceMix::parse("dlms=30,wmbus=30").value();
  config.port = 0;
  config.history_days = 2;
  config.faults = world::FaultRates::none();
  config.link.loss = 0.1;  // telegrams that nobody hears
  config.telegram_every_s = 2;
  const Scratch scratch;
  auto options = options_in(scratch.path());
  options.headend.scheduled = false;
  options.zone = config.zone;  // the meters' clocks show the town's
  options.heard.frames_tcp = {Endpoint{"127.0.0.1", 0}};
  auto utility = SimulatedUtility::start(config, std::move(options));
  ASSERT_TRUE(utility.ok()) << to_string(utility.error());
  store::Store& store = (*utility)->platform().store();
  const auto devices = (*utility)->fleet().side().devices();
  ASSERT_EQ(devices.size(), 30u);
  ASSERT_TRUE(wait_until(std::chrono::seconds(120), [&] {
    return std::ranges::all_of(devices, [&](const world::SideDevice& d) {
      return registers_of(store, d.device, "volume").size() >= 2;  // one a minute is kept
    });
  })) << "not every radio meter was heard twice";
  std::size_t compared = 0;
  (*utility)->on_meters([&](world::Fleet& fleet) {
    for (const world::SideDevice& d : devices) {
      const world::ResourceMeter& meter = fleet.side().resource(d.meter);
      for (const auto& [time, value] : registers_of(store, d.device, "volume")) {
        EXPECT_EQ(value, meter.register_at(time)) << meter.serial() << " at " << to_iso(time);
        ++compared;
      }
      for (const auto& [time, value] : registers_of(store, d.device, "volume_s1")) {
        EXPECT_EQ(value, meter.register_at(meter.due_date(time))) << meter.serial() << " due " << to_iso(time);
      }
    }
    EXPECT_GT(fleet.collector_stats().lost, 0u);
  });
  std::printf("%zu register readings of %zu radio meters compared\n", compared, devices.size());
}

// Electricity over four protocols and heat over a fifth, read on schedule over links that lose and break.
TEST(EndToEnd, PolledMetersOfEveryProtocolAreInTheStoreExactly) {
  world::FleetConfig config;
  config.meters = 36;
  config.mix = world::DeviceMix::parse("dlms=12,c1222=6,iec62056=4,sml=4,p1=4,mbus=6").value();
  config.port = 0;
  config.history_days = 3;
  config.faults = world::FaultRates::none();
  config.link.delay_ms = 1;
  config.link.drop = 0.002;
  const Scratch scratch;
  auto options = options_in(scratch.path());
  options.zone = config.zone;
  auto utility = SimulatedUtility::start(config, std::move(options));
  ASSERT_TRUE(utility.ok()) << to_string(utility.error());
  store::Store& store = (*utility)->platform().store();
  const world::Fleet& fleet = (*utility)->fleet();
  const auto devices = fleet.side().devices();
  ASSERT_EQ(devices.size(), 24u);
  const UtcSeconds after = fleet.born() + 3'600, until = fleet.born() + 2 * kDay_s;
  const auto with_profile = [](const world::SideDevice& d) {
    return d.protocol == world::MeterProtocol::kC1222 || d.protocol == world::MeterProtocol::kIec62056;
  };
  const auto intervals = [&](const world::SideDevice& d, const char* name) {
    const ChannelId channel = channel_named(store.registry(), d.device, name);
    return channel.valid() ? *store.readings().read(channel, after, until) : std::vector<Reading>();
  };
  const auto name_of = [](const world::SideDevice& d) {
    return d.protocol == world::MeterProtocol::kMbus ? "energy" : "active_energy_import";
  };
  const bool complete = wait_until(std::chrono::seconds(180), [&] {
    return std::ranges::all_of(devices, [&](const world::SideDevice& d) {
      if (with_profile(d) && intervals(d, "import").size() < 47 * 4) return false;
      return !registers_of(store, d.device, name_of(d)).empty();
    });
  });
  std::map<std::string, std::size_t> rows, registers;
  (*utility)->on_meters([&](world::Fleet& meters) {
    for (const world::SideDevice& d : devices) {
      const std::string protocol(world::to_string(d.protocol));
      if (with_profile(d)) {
        std::map<UtcSeconds, std::int64_t> truth;
        for (const auto& row : meters.meter(d.meter).rows(after, until)) truth[row.stamp] = row.interval.import_wh;
        for (const Reading& r : intervals(d, "import")) {
          ASSERT_TRUE(truth.contains(r.time)) << protocol << " at " << to_iso(r.time);
          EXPECT_EQ(r.value, truth[r.time]) << protocol << " at " << to_iso(r.time);
          ++rows[protocol];
        }
      }
      for (const auto& [time, value] : registers_of(store, d.device, name_of(d))) {
        // A register is read within a second or two of the clock's time that it is stored under.
        const auto at = [&](UtcSeconds t) {
          if (d.protocol == world::MeterProtocol::kMbus) return meters.side().resource(d.meter).register_at(t);
          const world::VirtualMeter& meter = meters.meter(d.meter);
          return meter.register_offset().import_wh + meter.totals_at(t).import_wh;
        };
        EXPECT_GE(value, at(time - 2)) << protocol << " at " << to_iso(time);
        EXPECT_LE(value, at(time + 2)) << protocol << " at " << to_iso(time);
        ++registers[protocol];
      }
    }
  });
  for (const auto& [protocol, count] : registers) {
    std::printf("%s: %zu intervals, %zu registers compared\n", protocol.c_str(), rows[protocol], count);
  }
  EXPECT_TRUE(complete) << "the head-end did not read everything";
}

int admin(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "admin");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return admin_command(static_cast<int>(argv.size()), argv.data());
}

TEST(EndToEnd, ABackupOfTheRunningPlatformIsRestoredAndServesWhatWasReadBeforeIt) {
  world::FleetConfig config;
  config.meters = 12;
  config.port = 0;
  config.history_days = 2;
  config.faults = world::FaultRates::none();
  const Scratch scratch;
  const std::string data = scratch.path() + "/data", restored = scratch.path() + "/restored";
  auto started = SimulatedUtility::start(config, options_in(data));
  ASSERT_TRUE(started.ok()) << to_string(started.error());
  roles::Platform& platform = (*started)->platform();
  const ChannelId channel = channel_named(platform.store().registry(), DeviceId(1), "import");
  const auto stored = [&](store::Store& store) {
    return *store.readings().read(channel, UtcSeconds(0), UtcSeconds(INT64_MAX / 2));
  };
  ASSERT_TRUE(wait_until(std::chrono::seconds(120), [&] { return !stored(platform.store()).empty(); }));

  const std::string url = "http://127.0.0.1:" + std::to_string(platform.http_port());
  const std::string key_file = scratch.path() + "/key", viewer_file = scratch.path() + "/viewer";
  std::ofstream(key_file) << platform.add_api_key("backup", "admin").value() << '\n';
  std::ofstream(viewer_file) << platform.add_api_key("screen", "viewer").value() << '\n';
  EXPECT_EQ(admin({"backup", data, scratch.path() + "/copy"}), kExitFailed) << "the server has it open";
  EXPECT_EQ(admin({"backup", "--url", url, "--key-file", viewer_file}), kExitFailed);
  EXPECT_EQ(admin({"backup", "--name", "x"}), kExitUsage);
  const auto before = stored(platform.store());
  ASSERT_EQ(admin({"backup", "--url", url, "--name", "first", "--key-file", key_file}), kExitDone);
  EXPECT_EQ(admin({"backup", "--url", url, "--name", "first", "--key-file", key_file}), kExitFailed);

  ASSERT_EQ(admin({"check", data + "/backups/first"}), kExitDone);
  ASSERT_EQ(admin({"restore", data + "/backups/first", restored}), kExitDone);
  started->reset();
  const auto store = store::open_embedded(restored, {.create = false});
  ASSERT_TRUE(store.ok()) << to_string(store.error());
  const auto after = stored(**store);
  ASSERT_GE(after.size(), before.size());
  EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin(), [](const Reading& a, const Reading& b) {
    return a.time == b.time && a.value == b.value;
  }));
  EXPECT_EQ((*store)->registry().devices().value().size(), 12u);
}

}  // namespace
}  // namespace amity::app
