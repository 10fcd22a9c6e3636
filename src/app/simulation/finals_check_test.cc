// Each rule of final values, broken on purpose, is noticed.
#include "app/simulation/finals_check.h"

#include <gtest/gtest.h>

#include "store/memory.h"

namespace amity::simulation {
namespace {

constexpr std::int32_t kDay = 20'000;
const UtcSeconds kStart(kDay * 86'400LL);

struct FinalsCheckTest : ::testing::Test {
  std::shared_ptr<store::MemoryDisk> disk = std::make_shared<store::MemoryDisk>();
  std::unique_ptr<store::MemoryStore> store = std::move(store::open_memory(disk)).value();
  ReadingsFinal fact;

  void SetUp() override {
    store::MasterData data;
    Device device;
    device.id = DeviceId(1);
    device.serial = "M1";
    data.devices = {device};
    data.channels = {{ChannelId(1), device.id, ChannelKind::kInterval, "import", "1-0:1.29.0*255",
                      Unit::kWattHour, 0, 21'600, 1},
                     {ChannelId(2), device.id, ChannelKind::kRegister, "import_total",
                      "1-0:1.8.0*255", Unit::kWattHour, 0, 0, 1}};
    ASSERT_TRUE(store->registry().add(data).ok());
    ReadingsArrived arrived{"test", kStart, {}};
    for (const int quarter : {1, 3, 4})
      arrived.readings.push_back({ChannelId(1), kStart + quarter * 21'600, 10 * quarter, {}});
    arrived.readings.push_back({ChannelId(2), kStart, 1'000, {}});
    arrived.readings.push_back({ChannelId(2), kStart + 86'400, 1'100, {}});
    append(arrived);
    VeeDay& d = fact.day;
    d.channel = ChannelId(1);
    d.day = kDay;
    d.start = kStart;
    d.length_s = 86'400;
    d.interval_s = 21'600;
    d.revision = 1;
    d.state = VeeState::kEstimated;
    d.closure = DayClosure::kExact;
    d.total = d.advance = 100;
    d.estimated = 1;
    fact.decision = {kStart + 90'000, "vee", "validated", "", {}};
    fact.versions = {{kStart + 43'200, 1, {20, FinalOrigin::kEstimated, 17, true}, {}}};
  }
  void append(const Fact& what) {
    store->journal().append(what, [](Result<store::Sequence> r) { EXPECT_TRUE(r.ok()); });
    store->pump();
  }
  std::string broken(UtcSeconds now = kStart + 90'000) {
    FinalsCounts counts;
    const auto violation = check_finals(*store, TimeZone::utc(), kStart, now, counts);
    return violation ? violation->rule : "";
  }
};

TEST_F(FinalsCheckTest, WhatIsRightPasses) {
  append(fact);
  EXPECT_EQ(broken(), "");
}

TEST_F(FinalsCheckTest, AnEstimateThatDoesNotClose) {
  fact.versions[0].now.value = 21;
  append(fact);
  EXPECT_EQ(broken(), "estimates close on the register");
}

TEST_F(FinalsCheckTest, AnEstimateInPlaceOfAValidValue) {
  fact.versions.push_back({kStart + 64'800, 1, {30, FinalOrigin::kEstimated, 17, false}, {}});
  append(fact);
  EXPECT_EQ(broken(), "final values are the raw ones where these are valid");
}

TEST_F(FinalsCheckTest, ADecisionMadeTwice) {
  append(fact);
  append(fact);
  EXPECT_EQ(broken(), "no decision is made twice");
}

TEST_F(FinalsCheckTest, ADecisionThatSaysNothing) {
  append(fact);
  ++fact.day.revision;
  fact.versions.clear();
  append(fact);
  EXPECT_EQ(broken(), "no decision is made twice");
}

TEST_F(FinalsCheckTest, ADayThatNobodyLookedAt) {
  EXPECT_EQ(broken(kStart + 86'400 + 3'600), "") << "not due yet";
  EXPECT_EQ(broken(kStart + 86'400 + 5 * 3'600), "every whole day is validated");
}

}  // namespace
}  // namespace amity::simulation
