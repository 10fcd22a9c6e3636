// Supply that is switched off is no gap to be filled by habit: what is missing meanwhile is zero.
#include "roles/mdm_supply.h"

#include <gtest/gtest.h>

#include "exchange/cim_reader.h"
#include "headend/event_codes.h"
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
  void event(UtcSeconds at, std::uint32_t code, const char* text) {
    store->journal().append(EventsArrived{"headend",
                                          clock.time,
                                          {{DeviceId(1), at, EventCategory::kDevice,
                                            Severity::kInfo, code, "0-0:99.98.2*255", text}}},
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
  event(kOff, 60, "off");
  event(kOn, 61, "on");
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
}

// By the code that its reporter gave it, whatever the words are.
TEST(Supply, IsToldByTheCodeOfAnEvent) {
  const auto told = [](const char* source, std::uint32_t code, const char* text) {
    const auto on = switched(
        {DeviceId(1), UtcSeconds(1), EventCategory::kDevice, Severity::kInfo, code, source, text});
    return !on ? "nothing" : *on ? "on" : "off";
  };
  for (const std::uint32_t code : {60u, 62u, 64u})
    EXPECT_STREQ(told("0-0:99.98.2*255", code, "abgeschaltet"), "off") << code;
  for (const std::uint32_t code : {61u, 63u, 69u})
    EXPECT_STREQ(told("0-0:99.98.2*255", code, "zugeschaltet"), "on") << code;
  EXPECT_STREQ(told("0-0:96.11.2*255", 62, ""), "off");
  EXPECT_STREQ(told("0-0:99.98.2*255", 59, "disconnector ready for manual reconnection"),
               "nothing");
  EXPECT_STREQ(told("0-0:99.98.2*255", 68, "disconnected: disconnector failed"), "nothing");
  // The same numbers mean something else to others, and words mean nothing.
  EXPECT_STREQ(told("headend", 62, "disconnected"), "nothing");
  EXPECT_STREQ(told("c1222", 63, "connected"), "nothing");
  EXPECT_STREQ(told("1-0:99.1.0*255", 62, "disconnected"), "nothing");
  EXPECT_STREQ(told("mqtt", 0, "disconnected from the broker"), "nothing");
  EXPECT_STREQ(told("iec61968-9 3.31.0.18", 0, ""), "on");
  EXPECT_STREQ(told("iec61968-9 3.31.0.23", 0, ""), "off");
  EXPECT_STREQ(told("iec61968-9 3.31.0.230", 0, "disconnected"), "nothing");
  EXPECT_EQ(switched(exchange::event_from_cim("3.31.0.23")), false);
  // What the head-end writes of each of its codes is what the code says.
  for (std::uint32_t code = 0; code < 256; ++code) {
    const std::string words = headend::event_meaning(code).text;
    const char* by_words = words.starts_with("disconnected ") ? "off"
                           : words.starts_with("connected ")  ? "on"
                                                              : "nothing";
    EXPECT_STREQ(told("0-0:99.98.0*255", code, ""), by_words) << words;
  }
}

}  // namespace
}  // namespace amity::roles
