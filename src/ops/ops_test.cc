#include <gtest/gtest.h>

#include "ops/abnormal.h"
#include "ops/command_desk.h"

namespace amity::ops {
namespace {

const UtcSeconds kNow(1'800'000'000);

Device meter(std::uint32_t id) {
  Device device;
  device.id = DeviceId(id);
  device.commissioned = kNow - 30 * 86'400;
  return device;
}

ContactMade contact(std::uint32_t id, UtcSeconds at, std::string error = "") {
  ContactMade c;
  c.device = DeviceId(id);
  c.at = at;
  c.ok = error.empty();
  c.error = std::move(error);
  return c;
}

struct Fleet {
  FleetState state{StatusRules{}};
  std::unordered_map<ChannelId, DeviceId> channels;

  Fleet() {
    for (std::uint32_t i = 1; i <= 6; ++i) {
      state.add_device(meter(i));
      channels[ChannelId(i)] = DeviceId(i);
    }
  }
  void reading(std::uint32_t id, UtcSeconds at) {
    ReadingsArrived arrived;
    arrived.readings = {{ChannelId(id), at, 1, {}}};
    state.apply(arrived, channels);
  }
};

TEST(FleetState, TellsOkLateSilentSecurityAndNewApart) {
  Fleet fleet;
  fleet.state.apply(contact(1, kNow - 60));
  fleet.reading(1, kNow - 900);
  fleet.state.apply(contact(2, kNow - 60));
  fleet.reading(2, kNow - 3 * 3600);
  fleet.state.apply(contact(3, kNow - 25 * 3600));
  fleet.reading(3, kNow - 25 * 3600);
  fleet.state.apply(contact(4, kNow - 100, "security: the authentication tag does not match"));
  fleet.reading(6, kNow - 900);
  fleet.state.apply(contact(6, kNow - 100, "timeout: no answer"));
  EXPECT_EQ(to_string(fleet.state.status(DeviceId(1), kNow)), "ok");
  EXPECT_EQ(to_string(fleet.state.status(DeviceId(2), kNow)), "late");
  EXPECT_EQ(to_string(fleet.state.status(DeviceId(3), kNow)), "silent");
  EXPECT_EQ(to_string(fleet.state.status(DeviceId(4), kNow)), "security");
  EXPECT_EQ(to_string(fleet.state.status(DeviceId(5), kNow)), "new");
  EXPECT_EQ(to_string(fleet.state.status(DeviceId(6), kNow)), "ok");  // it pushes
  fleet.state.apply(contact(4, kNow));
  EXPECT_EQ(to_string(fleet.state.status(DeviceId(4), kNow)),
            "late");  // the key works again, readings are due
}

TEST(FleetState, ARestartContinuesWhereItWas) {
  Fleet before, after;
  ContactMade c = contact(1, kNow, "timeout: no answer to the AARQ");
  c.clock_known = true;
  c.clock_offset_s = -400;
  before.state.apply(c);
  EXPECT_EQ(before.state.take_changed(), std::vector{DeviceId(1)});
  EXPECT_TRUE(before.state.take_changed().empty());
  ASSERT_TRUE(after.state.restore(DeviceId(1), before.state.serialize(DeviceId(1))).ok());
  EXPECT_EQ(after.state.health(DeviceId(1))->clock_offset_s, -400);
  EXPECT_EQ(after.state.health(DeviceId(1))->last_error, "timeout: no answer to the AARQ");
  EXPECT_FALSE(after.state.restore(DeviceId(1), as_bytes("x")).ok());
}

TEST(Abnormal, WorstFirstWithReasons) {
  Fleet fleet;
  fleet.state.apply(contact(3, kNow - 25 * 3600));
  fleet.state.apply(contact(3, kNow - 60, "timeout: no answer"));
  fleet.state.apply(contact(4, kNow - 100, "security: wrong key"));
  ContactMade c = contact(1, kNow);
  c.clock_known = true;
  c.clock_offset_s = 600;
  fleet.state.apply(c);
  fleet.reading(1, kNow - 900);
  EventsArrived power;
  power.events = {
      {DeviceId(1), kNow - 1000, EventCategory::kPower, Severity::kMedium, 1, "log", "power down"}};
  fleet.state.apply(power);
  const auto items = abnormal_now(fleet.state, Completeness(UtcDay(0)), kNow);
  std::string text;
  for (const auto& item : items) {
    text += "P" + std::to_string(priority(item.kind)) + " " + std::string(to_string(item.kind)) +
            " " + std::to_string(item.device.value) + ": " + item.text + "\n";
  }
  EXPECT_EQ(text,
            "P1 security 4: 1 attempt failed: security: wrong key\n"
            "P2 power 1: power down, no return seen\n"
            "P2 silent 3: 1 attempt failed: timeout: no answer\n"
            "P3 clock 1: clock is 600 s off\n");
}

TEST(CommandDesk, RefusesOverTheLimitAndUnderTheKillSwitch) {
  DeskLimits limits;
  limits.critical_per_user_hour = 2;
  limits.critical_total_hour = 3;
  CommandDesk desk(limits);
  Command command;
  command.kind = CommandKind::kDisconnect;
  command.requested_by = "ana";
  EXPECT_TRUE(desk.admit(command, kNow).ok());
  EXPECT_EQ(command.deadline, kNow + limits.deadline_s);
  EXPECT_TRUE(desk.admit(command, kNow).ok());
  EXPECT_EQ(desk.admit(command, kNow).error().reason,
            "your limit of 2 supply commands an hour is reached");
  command.requested_by = "ben";
  EXPECT_TRUE(desk.admit(command, kNow).ok());
  EXPECT_EQ(desk.admit(command, kNow).error().reason,
            "the utility's limit of 3 supply commands an hour is reached");
  EXPECT_TRUE(desk.admit(command, kNow + 3600).ok());
  desk.set_kill_switch(true);
  EXPECT_EQ(desk.admit(command, kNow + 9999).error().code, ErrorCode::kRefused);
  command.kind = CommandKind::kReadNow;
  EXPECT_TRUE(desk.admit(command, kNow + 9999).ok());
}

TEST(CommandDesk, StatesOnlyGoForward) {
  EXPECT_TRUE(CommandDesk::may_change(CommandState::kQueued, CommandState::kRunning));
  EXPECT_TRUE(CommandDesk::may_change(CommandState::kUnknown, CommandState::kDone));
  EXPECT_FALSE(CommandDesk::may_change(CommandState::kDone, CommandState::kRunning));
  EXPECT_FALSE(CommandDesk::may_change(CommandState::kRunning, CommandState::kQueued));
}

}  // namespace
}  // namespace amity::ops
