// The walk of a reading, whole: real homes, virtual meters, DLMS on real sockets, head-end, intake, journal, store.

#include <fstream>

#include "app/admin_command.h"
#include "app/exit_codes.h"
#include "app/test_end_to_end.h"

namespace amity::app {
namespace {

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
