#include <gtest/gtest.h>

#include "headend/event_codes.h"
#include "roles/command_role.h"
#include "roles/journal_follower.h"
#include "roles/ops_role.h"
#include "store/memory.h"

namespace amity::roles {
namespace {

class FixedClock : public Clock {
 public:
  UtcSeconds utc() const override { return time; }
  std::int64_t utc_us() const override { return time.value * 1'000'000; }
  Instant now() const override { return Instant{time.value * 1'000'000}; }
  UtcSeconds time{20'000LL * 86'400 + 12 * 3600};
};

// One feeder, one transformer, two meters with a 15-minute import channel each.
store::MasterData town(UtcSeconds commissioned) {
  store::MasterData data;
  data.feeders = {{FeederId(1), "F1"}};
  data.transformers = {{TransformerId(1), "T1", FeederId(1), 0, 0, 100'000}};
  data.customers = {{CustomerId(1), "Ana", "residential"}};
  for (std::uint32_t i = 1; i <= 2; ++i) {
    ServicePoint point;
    point.id = ServicePointId(i);
    point.name = "SP" + std::to_string(i);
    point.transformer = TransformerId(1);
    point.customer = CustomerId(1);
    data.service_points.push_back(point);
    Device device;
    device.id = DeviceId(i);
    device.serial = "M" + std::to_string(i);
    device.model = "one";
    device.service_point = point.id;
    device.commissioned = commissioned;
    data.devices.push_back(device);
    Channel channel;
    channel.id = ChannelId(i);
    channel.device = device.id;
    channel.name = "import";
    channel.source = "1-0:1.29.0*255";
    channel.unit = Unit::kWattHour;
    channel.interval_s = 900;
    data.channels.push_back(channel);
  }
  return data;
}

struct Fixture : ::testing::Test {
  FixedClock clock;
  std::shared_ptr<store::MemoryDisk> disk = std::make_shared<store::MemoryDisk>();
  std::unique_ptr<store::MemoryStore> store = std::move(store::open_memory(disk)).value();

  Fixture() { EXPECT_TRUE(store->registry().add(town(clock.time - 86'400)).ok()); }
  void arrive(std::uint32_t channel, UtcSeconds end) {
    ReadingsArrived fact{"headend", clock.time, {{ChannelId(channel), end, 100, {}}}};
    store->journal().append(fact,
                            [](Result<store::Sequence> durable) { EXPECT_TRUE(durable.ok()); });
  }
  void crash() {
    store.reset();
    disk->crash();
    store = std::move(store::open_memory(disk)).value();
  }
};

using FollowerTest = Fixture;
using OpsTest = Fixture;
using CommandTest = Fixture;

TEST_F(FollowerTest, FactsComeAgainUntilTheWorkIsSaved) {
  std::vector<store::Sequence> seen;
  bool may_save = false;
  const auto handle = [&seen](const store::JournalEntry& e) { seen.push_back(e.sequence); };
  const auto save = [&may_save]() -> Status {
    if (may_save) return {};
    return make_error(ErrorCode::kIo, "disk full");
  };
  for (int i = 1; i <= 3; ++i) arrive(1, clock.time + 900 * i);
  store->pump();
  {
    JournalFollower follower(store->journal(), "test", handle, save);
    ASSERT_TRUE(follower.begin().ok());
    EXPECT_EQ(*follower.step(2), 2u);
    EXPECT_FALSE(follower.save().ok());  // the work was not kept, so neither is the place
  }
  may_save = true;
  JournalFollower again(store->journal(), "test", handle, save);
  ASSERT_TRUE(again.begin().ok());
  EXPECT_EQ(*again.step(10), 3u);
  ASSERT_TRUE(again.save().ok());
  EXPECT_EQ(seen, (std::vector<store::Sequence>{1, 2, 1, 2, 3}));
  JournalFollower third(store->journal(), "test", handle, save);
  ASSERT_TRUE(third.begin().ok());
  EXPECT_EQ(*third.step(10), 0u);
}

TEST_F(FollowerTest, AThreadFollowsAndSavesAtTheEnd) {
  std::atomic<int> count{0};
  JournalFollower follower(
      store->journal(), "thread", [&count](const store::JournalEntry&) { ++count; },
      [] { return Status(); });
  ASSERT_TRUE(follower.begin().ok());
  arrive(1, clock.time);
  store->pump();
  follower.start_thread(clock, std::chrono::seconds(1));
  follower.wake();
  for (int i = 0; i < 500 && count == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  follower.stop();
  EXPECT_EQ(count, 1);
  EXPECT_EQ(*store->journal().cursor("thread"), 1u);
}

TEST_F(FollowerTest, SavesByTheClockHoweverOftenItIsWoken) {
  std::atomic<int> count{0}, saves{0};
  JournalFollower follower(
      store->journal(), "thread", [&count](const store::JournalEntry&) { ++count; },
      [&saves] { return ++saves, Status(); });
  ASSERT_TRUE(follower.begin().ok());
  follower.start_thread(clock, std::chrono::seconds(1));
  for (int n = 1; n <= 20; ++n) {
    arrive(1, clock.time + n);
    store->pump();
    follower.wake();
    for (int i = 0; i < 500 && count < n; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ASSERT_EQ(count, n);
  }
  EXPECT_EQ(saves, 0) << "the clock stood still";
  follower.stop();
  EXPECT_EQ(saves, 1);
}

TEST_F(OpsTest, TheSamePictureAfterACrashWithRepeatedFacts) {
  const UtcSeconds hour(clock.time.value / 3600 * 3600 - 3600);
  for (int i = 1; i <= 4; ++i) arrive(1, hour + 900 * i);
  arrive(1, hour + 900);  // once more
  ContactMade contact;
  contact.device = DeviceId(1);
  contact.at = clock.time;
  contact.ok = true;
  store->journal().append(contact, [](auto) {});
  store->pump();

  const auto picture = [this, hour](bool save) {
    OpsRole ops(store->registry(), store->readings(), clock, {});
    EXPECT_TRUE(ops.load().ok());
    JournalFollower follower(
        store->journal(), OpsRole::kDepartment,
        [&ops](const store::JournalEntry& e) { ops.handle(e); }, [&ops] { return ops.save(); });
    EXPECT_TRUE(follower.begin().ok());
    EXPECT_TRUE(follower.step(100).ok());
    if (save) {
      EXPECT_TRUE(follower.save().ok());
    }
    return ops.read([&](const ops::FleetState& fleet, const ops::Completeness& completeness,
                        const auto& places) {
      const ops::Tally tally = completeness.device(DeviceId(1), hour, hour + 3600);
      return std::to_string(tally.received) + "/" + std::to_string(tally.expected) + " " +
             std::string(to_string(fleet.status(DeviceId(1), clock.time))) + " " +
             places.at(DeviceId(1)).feeder;
    });
  };
  EXPECT_EQ(picture(false), "4/4 ok F1");
  EXPECT_EQ(picture(true), "4/4 ok F1");
  crash();
  EXPECT_EQ(picture(false),
            "4/4 ok F1");  // from the saved record: the contact is before the cursor
}

// A water meter on the air has no intervals, and its channels appear when it is first heard.
TEST_F(OpsTest, AMeterOfRegistersAloneIsNotLateWhileItReports) {
  store::MasterData data;
  Device device;
  device.id = DeviceId(50);
  device.serial = "W50";
  device.model = "water";
  device.service_point = ServicePointId(1);
  device.commissioned = clock.time - 86'400;
  data.devices.push_back(device);
  ASSERT_TRUE(store->registry().add(data).ok());
  OpsRole ops(store->registry(), store->readings(), clock, {});
  ASSERT_TRUE(ops.load().ok());
  const auto status = [&] {
    return ops.read([&](const ops::FleetState& fleet, const auto&, const auto&) {
      return std::string(to_string(fleet.status(DeviceId(50), clock.time)));
    });
  };
  ContactMade contact;
  contact.device = device.id;
  contact.at = clock.time - 100;
  contact.ok = true;
  ops.handle({1, contact});
  EXPECT_EQ(status(), "late");
  store::MasterData heard;
  Channel channel;
  channel.id = ChannelId(500);
  channel.device = device.id;
  channel.kind = ChannelKind::kRegister;
  channel.name = "volume";
  channel.source = "volume";
  channel.unit = Unit::kCubicMetre;
  heard.channels.push_back(channel);
  ASSERT_TRUE(store->registry().add(heard).ok());
  ops.handle({2, ReadingsArrived{"heard", clock.time, {{channel.id, clock.time - 60, 7, {}}}}});
  EXPECT_EQ(status(), "ok");
  // Once it has intervals too, they alone tell.
  store::MasterData profile;
  channel.id = ChannelId(501);
  channel.kind = ChannelKind::kInterval;
  channel.name = "volume_profile";
  channel.source = "volume profile";
  channel.interval_s = 3600;
  profile.channels.push_back(channel);
  ASSERT_TRUE(store->registry().add(profile).ok());
  const UtcSeconds hour(clock.time.value / 3600 * 3600);
  ops.handle({3, ReadingsArrived{"heard", clock.time, {{channel.id, hour, 7, {}}}}});
  const ops::Tally tally = ops.read([&](const auto&, const ops::Completeness& c, const auto&) {
    return c.device(DeviceId(50), hour - 7200, hour);
  });
  EXPECT_EQ(tally.received, 1u);  // expected from now on, and since it was installed
  EXPECT_EQ(tally.expected, 2u);
  clock.time = clock.time + 3 * 3600;
  ops.handle({4, ReadingsArrived{"heard", clock.time, {{ChannelId(500), clock.time, 9, {}}}}});
  EXPECT_EQ(status(), "late");
}

// An M-Bus device behind a meter gives way to another: at once, not at the next start.
TEST_F(OpsTest, AReplacedDeviceIsExpectedNoLongerAndTheNewOneIs) {
  OpsRole ops(store->registry(), store->readings(), clock, {});
  ASSERT_TRUE(ops.load().ok());
  const UtcSeconds hour(clock.time.value / 3600 * 3600);
  const auto expected = [&](UtcSeconds until) {
    return ops.read([&](const auto&, const ops::Completeness& c, const auto&) {
      return c.fleet(until - 3600, until).expected;
    });
  };
  EXPECT_EQ(expected(hour), 8u);
  auto gone = store->registry().device(DeviceId(2));
  ASSERT_TRUE(gone.ok() && gone->has_value());
  (*gone)->state = DeviceState::kRemoved;
  ASSERT_TRUE(store->registry().update_device(**gone).ok());
  store::MasterData come;
  Device& device = come.devices.emplace_back(**gone);
  device.id = DeviceId(3);
  device.serial = "M3";
  device.state = DeviceState::kActive;
  device.commissioned = hour;
  ASSERT_TRUE(store->registry().add(come).ok());
  EventsArrived told{"headend", clock.time, {}};
  for (const std::uint32_t id : {2u, 1u, 3u}) {
    told.events.push_back(headend::headend_event(DeviceId(id), hour,
                                                 headend::HeadEndEvent::kMeterReplaced,
                                                 "channel 1: M2 is replaced by M3"));
  }
  ops.handle({1, told});
  EXPECT_EQ(expected(hour), 8u) << "until its end";
  EXPECT_EQ(expected(hour + 3600), 4u);
  const auto known = [&](std::uint32_t id) {
    return ops.read([&](const ops::FleetState& fleet, const auto&, const auto& places) {
      return fleet.health(DeviceId(id)) != nullptr && places.contains(DeviceId(id));
    });
  };
  EXPECT_TRUE(known(1));
  EXPECT_FALSE(known(2));
  EXPECT_TRUE(known(3));
}

TEST_F(CommandTest, WalksFromRequestToResultAndSurvivesARestart) {
  std::vector<Command> executed;
  std::vector<std::string> answers;
  auto role =
      std::make_unique<CommandRole>(store->registry(), store->journal(), clock, ops::DeskLimits{});
  role->set_execute([&executed](const Command& c) { executed.push_back(c); });
  const auto submit = [&](std::uint64_t id, CommandKind kind) {
    Command command;
    command.id = CommandId(id);
    command.device = DeviceId(1);
    command.kind = kind;
    command.requested_by = "ana";
    role->submit(command, [&answers](Result<Command> r) {
      answers.push_back(r.ok() ? std::string(to_string(r->state)) : r.error().reason);
    });
  };
  submit(1, CommandKind::kReadNow);
  submit(2, CommandKind::kDisconnect);
  EXPECT_TRUE(executed.empty());  // not durable yet: nobody is told, nothing is sent
  store->pump();
  EXPECT_EQ(answers, (std::vector<std::string>{"queued", "queued"}));
  ASSERT_EQ(executed.size(), 2u);

  const auto tell = [&](std::uint64_t id, CommandState state, std::string result) {
    role->handle(
        {9, CommandChanged{CommandId(id), DeviceId(1), state, clock.time, "", std::move(result)}});
  };
  tell(1, CommandState::kRunning, "");
  tell(1, CommandState::kDone, "7 registers");
  tell(1, CommandState::kRunning, "");  // an old fact again
  tell(2, CommandState::kRunning, "");
  EXPECT_EQ(store->registry().command(CommandId(1)).value()->result, "7 registers");
  EXPECT_EQ(store->registry().command(CommandId(1)).value()->state, CommandState::kDone);
  EXPECT_EQ(role->pending(), 1u);

  role.reset();
  crash();
  executed.clear();
  CommandRole after(store->registry(), store->journal(), clock, ops::DeskLimits{});
  after.set_execute([&executed](const Command& c) { executed.push_back(c); });
  ASSERT_TRUE(after.resume().ok());
  EXPECT_TRUE(
      executed.empty());  // a disconnect that may have been sent is never sent again blindly
  EXPECT_EQ(store->registry().command(CommandId(2)).value()->state, CommandState::kUnknown);
}

}  // namespace
}  // namespace amity::roles
