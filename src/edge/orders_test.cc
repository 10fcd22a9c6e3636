// Commands at the edge: each once, whatever is sent again and however often the edge restarts.
#include "edge/orders.h"

#include <gtest/gtest.h>

#include "store/sqlite_registry.h"
#include "store/test_directory.h"

namespace amity::edge {
namespace {

struct StandingClock : Clock {
  std::int64_t at_s = 1'790'000'000;
  Instant now() const override { return Instant{at_s * 1'000'000}; }
  UtcSeconds utc() const override { return UtcSeconds(at_s); }
  std::int64_t utc_us() const override { return at_s * 1'000'000; }
};

struct EdgeOrders : ::testing::Test {
  store::TestDirectory directory;
  StandingClock clock;
  std::unique_ptr<store::SqliteRegistry> registry;
  std::unique_ptr<Orders> orders;
  std::string log;      // "run 7 queued; told 7 done: ok; "
  bool durable = true;  // the buffer
  bool hold = false;    // its answers do not come
  std::vector<std::function<void(Status)>> held;

  void SetUp() override {
    registry = std::move(*store::SqliteRegistry::open(directory / "registry", {}));
    Device device;
    device.serial = "M1";
    device.protocol = "dlms";
    store::MasterData data;
    data.devices.push_back(device);
    ASSERT_TRUE(registry->add(data).ok());
    restart();
  }
  // Also of the head-end: what it was given is forgotten.
  void restart() {
    orders = std::make_unique<Orders>(
        *registry, clock,
        Orders::Events{[this](const Command& c) {
                         log += "run " + std::to_string(c.id.value) + " " +
                                std::string(to_string(c.state)) + "; ";
                       },
                       [this](const CommandChanged& c, std::function<void(Status)> done) {
                         log += "told " + std::to_string(c.id.value) + " " +
                                std::string(to_string(c.state)) + ": " + c.result + "; ";
                         if (hold) return held.push_back(std::move(done));
                         done(durable ? Status{} : Status(make_error(ErrorCode::kBusy, "full")));
                       }});
    ASSERT_TRUE(orders->load().ok());
    orders->resume();
  }
  std::string said() { return std::exchange(log, {}); }
  void changed(std::uint64_t id, CommandState state, std::string result = "") {
    CommandChanged c;
    c.id = CommandId(id);
    c.state = state;
    c.result = std::move(result);
    orders->changed(c);
  }
};

TEST_F(EdgeOrders, IsRunOnceAndItsResultToldAgainWhenItIsAskedAgain) {
  orders->take({7, "M1", CommandKind::kReadNow, 60, ""});
  orders->take({7, "M1", CommandKind::kReadNow, 55, ""});
  EXPECT_EQ(said(), "run 7 queued; ");
  changed(7, CommandState::kRunning);
  changed(7, CommandState::kDone, "12 registers");
  changed(7, CommandState::kFailed, "of an earlier life");
  EXPECT_EQ(said(), "told 7 done: 12 registers; ");
  orders->take({7, "M1", CommandKind::kReadNow, 50, ""});
  restart();
  orders->take({7, "M1", CommandKind::kReadNow, 50, ""});
  EXPECT_EQ(said(), "told 7 done: 12 registers; told 7 done: 12 registers; ");
}

TEST_F(EdgeOrders, AfterARestartReadsBeginAnewAndSwitchesAreReadBack) {
  orders->take({1, "M1", CommandKind::kReadNow, 60, ""});
  orders->take({2, "M1", CommandKind::kDisconnect, 60, ""});
  orders->take({3, "M1", CommandKind::kConnect, 60, ""});
  changed(1, CommandState::kRunning);
  changed(2, CommandState::kRunning);
  said();
  restart();
  EXPECT_EQ(said(), "run 1 queued; run 2 running; run 3 queued; ");
  EXPECT_EQ(orders->open(), 3u);
  clock.at_s += 120;
  restart();
  EXPECT_EQ(said(),
            "told 1 failed: the edge restarted while it ran; run 2 running; "
            "told 3 expired: not started before its deadline; ");
  EXPECT_EQ(orders->open(), 1u);
}

TEST_F(EdgeOrders, WhatWasNotDurableIsToldAfterARestart) {
  durable = false;
  orders->take({4, "M1", CommandKind::kPing, 60, ""});
  changed(4, CommandState::kDone, "reachable");
  said();
  durable = true;
  restart();
  EXPECT_EQ(said(), "told 4 done: reachable; ");
  restart();
  EXPECT_EQ(said(), "");
}

TEST_F(EdgeOrders, WhatCannotBeDoneIsSaid) {
  orders->take({5, "M2", CommandKind::kReadNow, 60, ""});
  orders->take({6, "M1", CommandKind::kReadNow, 0, ""});
  EXPECT_EQ(said(),
            "told 5 failed: the edge reads no meter M2; "
            "told 6 expired: it reached the edge after its deadline; ");
}

TEST_F(EdgeOrders, OldOnesAreForgottenOpenOnesAreNot) {
  orders->take({1, "M1", CommandKind::kConnect, 60, ""});
  for (std::uint64_t id = 2; id < 2 * kOrdersKeptMax; ++id) {
    orders->take({id, "M1", CommandKind::kPing, 60, ""});
    changed(id, CommandState::kDone);
  }
  said();
  restart();
  EXPECT_EQ(said(), "run 1 queued; ");
  orders->take({2 * kOrdersKeptMax - 1, "M1", CommandKind::kPing, 60, ""});
  EXPECT_NE(said().find("told"), std::string::npos);
}

}  // namespace
}  // namespace amity::edge
