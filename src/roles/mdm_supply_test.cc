// Supply that is switched off is no gap to be filled by habit: what is missing meanwhile is zero.
#include "roles/mdm_supply.h"

#include <gtest/gtest.h>

#include "roles/test_billing.h"

namespace amity::roles {
namespace {

constexpr std::int32_t kDay = kFirst + 1;
const UtcSeconds kOff = UtcDay(kDay).start() + 10 * 3'600, kOn = UtcDay(kDay).start() + 15 * 3'600;

struct SupplyTest : BillingTest {
  void command(std::uint64_t id, CommandKind kind, UtcSeconds at,
               CommandState state = CommandState::kDone) {
    Command c;
    c.id = CommandId(id);
    c.device = DeviceId(1);
    c.kind = kind;
    c.state = state;
    ASSERT_TRUE(store->registry().put_command(c).ok());
    store->journal().append(CommandChanged{c.id, c.device, state, at, "", ""},
                            [](Result<store::Sequence> r) { EXPECT_TRUE(r.ok()); });
    store->pump();
  }
  void event(UtcSeconds at, const char* text) {
    store->journal().append(EventsArrived{"headend",
                                          clock.time,
                                          {{DeviceId(1), at, EventCategory::kDevice,
                                            Severity::kInfo, 60, "0-0:96.11.2*255", text}}},
                            [](Result<store::Sequence> r) { EXPECT_TRUE(r.ok()); });
    store->pump();
  }
  // The hours from eight to five in the afternoon are missing; nothing was used from ten to three.
  void days() {
    arrive({{kTotal, kBegin, register_at(kFirst), {}}});
    arrive(readings_of(kFirst));
    std::int64_t unused = 0;
    for (int h = 11; h <= 15; ++h) unused += use_of(kDay, h);
    auto day = readings_of(kDay, {9, 10, 11, 12, 13, 14, 15, 16, 17});
    day.back().value -= unused;
    arrive(day);
  }
  std::string told() {
    const auto d = store->finals().day(kImport, kDay).value();
    if (!d) return "nothing";
    std::string text =
        std::string(to_string(d->day.state)) + " " + std::string(to_string(d->day.closure)) + ":";
    const auto series =
        store::final_series(store->readings(), store->finals(), kImport, d->day.start, d->day.end())
            .value();
    for (const auto& p : series.points) {
      if (p.final.origin == FinalOrigin::kEstimated)
        text += " " + to_iso(p.reading.time).substr(11, 2) + "=" + std::to_string(p.final.value) +
                code_of(p.final);
    }
    return text;
  }
};

constexpr const char* kZeroWhileOff =
    "estimated exact: 09=243E12 10=243E12 11=0E19 12=0E19 13=0E19 14=0E19 15=0E19 16=243E12 "
    "17=243E12";

TEST_F(SupplyTest, WhatIsMissingWhileACommandHadItOffIsZero) {
  days();
  command(1, CommandKind::kDisconnect, kOff);
  command(2, CommandKind::kConnect, kOn - 3'600, CommandState::kFailed);
  command(3, CommandKind::kConnect, kOn);
  at(kDay + 5, 5);
  settle();
  crash();
  settle();
  EXPECT_EQ(told(), kZeroWhileOff);
}

TEST_F(SupplyTest, AnEventOfTheMeterThatIsReadLatePutsItRight) {
  days();
  at(kDay + 5, 5);
  settle();
  settle();
  EXPECT_EQ(told().substr(0, 45), "estimated exact: 09=108E12 10=108E12 11=108E1");
  event(kOff, "disconnected by hand");
  event(kOn, "connected by hand");
  settle();
  EXPECT_EQ(told(), kZeroWhileOff);
  crash();
  settle();
  EXPECT_EQ(told(), kZeroWhileOff);
}

TEST(Supply, IsOffBetweenItsSwitchings) {
  SupplyHistory h;
  const auto at = [](std::int64_t s) { return UtcSeconds(s); };
  EXPECT_FALSE(h.off(at(0), at(100)));
  EXPECT_TRUE(h.add(at(100), false));
  EXPECT_FALSE(h.add(at(100), false)) << "known already";
  EXPECT_TRUE(h.off(at(100), at(200)));
  EXPECT_FALSE(h.off(at(99), at(200)));
  EXPECT_TRUE(h.add(at(300), true));
  EXPECT_TRUE(h.off(at(200), at(300)));
  EXPECT_FALSE(h.off(at(200), at(301)));
  EXPECT_TRUE(h.off_at_all(at(200), at(301)));
  EXPECT_FALSE(h.off_at_all(at(300), at(400)));
  EXPECT_TRUE(h.off_at_all(at(0), at(101)));
  EXPECT_FALSE(h.off_at_all(at(0), at(100)));
  EXPECT_EQ(h.next(at(100)), at(300));
  Bytes bytes;
  h.encode(bytes);
  const auto again = SupplyHistory::decode(bytes);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->off(at(100), at(300)));
  EXPECT_FALSE(SupplyHistory::decode(ByteView(bytes).first(7)).ok());
  EXPECT_EQ(
      switched({{}, {}, EventCategory::kDevice, Severity::kInfo, 62, "", "disconnected remotely"}),
      false);
  EXPECT_EQ(switched({{}, {}, EventCategory::kDevice, Severity::kInfo, 18, "", "connected"}), true);
  EXPECT_EQ(
      switched({{}, {}, EventCategory::kDevice, Severity::kHigh, 68, "", "disconnector failed"}),
      std::nullopt);
}

}  // namespace
}  // namespace amity::roles
