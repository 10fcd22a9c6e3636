// One account from readings to statements: held while its values are not complete, issued once,
// corrected by reversal, and that a crash anywhere issues nothing twice and loses nothing.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "roles/billing_role.h"
#include "roles/journal_follower.h"
#include "roles/mdm_role.h"
#include "roles/test_meter.h"
#include "store/memory.h"
#include "store/test_directory.h"

namespace amity::roles {
namespace {

constexpr const char* kTariff = R"(
version = 1
name = "Home"
currency = "EUR"
zone = "UTC"
buckets = ["day", "night"]
[[schedule]]
from = "07:00"
to = "22:00"
bucket = "day"
[[schedule]]
from = "22:00"
to = "07:00"
bucket = "night"
[[energy]]
name = "Day"
buckets = ["day"]
price = "30.00"
[[energy]]
name = "Night"
buckets = ["night"]
price = "10.00"
[[fixed]]
name = "Meter"
price = "3.10"
)";

std::string date(std::int32_t day) {
  return to_iso(UtcDay(day).start()).substr(5, 5);
}

struct BillingTest : ::testing::Test, MortalPlatform {
  MdmOptions mdm_options;
  BillingOptions options;
  store::TestDirectory directory;
  std::unique_ptr<MdmRole> mdm;
  std::unique_ptr<BillingRole> billing;
  std::unique_ptr<JournalFollower> mdm_follower, billing_follower;

  explicit BillingTest(bool prepaid = false) {
    EXPECT_TRUE(store->registry().add(one_meter()).ok());
    options.tariff_directory = directory.path();
    mdm_options.reread.give_up_after_s = 3 * 86'400;
    write_tariff("home.toml", kTariff);
    BillingAccount account;
    account.name = "A-1";
    account.service_point = ServicePointId(1);
    account.customer = CustomerId(1);
    account.tariff = "home";
    account.bill_day = 7;  // 2024-10-07: the first period has three days
    account.opened = kFirst;
    account.prepaid = prepaid;
    EXPECT_TRUE(store->billing().put_account(account).ok());
    start();
  }
  void write_tariff(const std::string& name, const std::string& text) {
    std::ofstream(directory / name) << text;
  }
  void start() override {
    mdm = std::make_unique<MdmRole>(*store, clock, TimeZone::utc(), mdm_options);
    billing = std::make_unique<BillingRole>(*store, clock, TimeZone::utc(), options);
    ASSERT_TRUE(mdm->load().ok());
    ASSERT_TRUE(billing->load().ok());
    mdm_follower = std::make_unique<JournalFollower>(
        store->journal(), MdmRole::kDepartment,
        [this](const store::JournalEntry& e) { mdm->handle(e); }, [this] { return mdm->save(); });
    billing_follower = std::make_unique<JournalFollower>(
        store->journal(), BillingRole::kDepartment,
        [this](const store::JournalEntry& e) { billing->handle(e); },
        [this] { return billing->save(); });
    ASSERT_TRUE(mdm_follower->begin().ok());
    ASSERT_TRUE(billing_follower->begin().ok());
  }
  void forget() override {
    mdm_follower.reset(), billing_follower.reset();
    mdm.reset(), billing.reset();
  }
  void step() {
    store->pump();
    did();
    ASSERT_TRUE(mdm_follower->step(1'000).ok());
    mdm->tick();
    store->pump();
    did();
    ASSERT_TRUE(billing_follower->step(1'000).ok());
    did();
    billing->tick();
    did();
    ASSERT_TRUE(mdm_follower->save().ok());
    ASSERT_TRUE(billing_follower->save().ok());
    did();
  }
  void settle() {
    for (int i = 0; i < 8; ++i) step();
    clock.time = clock.time + 61;  // what came in a burst is looked at after a minute
    step();
  }
  // Three days of which the second lacks two hours.
  void three_days(const std::vector<int>& without = {}) {
    arrive({{kTotal, kBegin, register_at(kFirst), {}}});
    arrive(readings_of(kFirst));
    arrive(readings_of(kFirst + 1, without));
    arrive(readings_of(kFirst + 2));
    at(kFirst + 3, 5);
    settle();
  }
  // The statements, oldest first: "1 issued 10-04..10-06 14.23 cycle".
  std::vector<std::string> statements() {
    std::vector<std::string> out;
    const auto all = store->billing().statements({}).value();
    for (const StatementRecord& s : all) {
      std::string text = std::to_string(s.number.value) + " " + std::string(to_string(s.kind));
      if (s.reverses.valid()) text += " of " + std::to_string(s.reverses.value);
      text += " " + date(s.first_day) + ".." + date(s.last_day) + " " +
              to_string(Decimal{s.total, -s.decimals}) + " " + s.cause;
      out.insert(out.begin(), text);
    }
    return out;
  }
  std::vector<std::string> held() {
    std::vector<std::string> out;
    const auto all = store->billing().holds().value();
    for (const BillHold& hold : all) {
      for (const std::string& reason : hold.reasons) out.push_back(reason);
      for (const auto& s : hold.stretches) {
        out.push_back(s.what + " " + to_iso(s.from).substr(5, 11) + ".." +
                      to_iso(s.to).substr(5, 11));
      }
    }
    return out;
  }
  // What the tariff comes to, by hand.
  std::string expected(std::int32_t first, std::int32_t last) {
    std::int64_t day = 0, night = 0;
    for (std::int32_t d = first; d <= last; ++d) {
      for (int h = 1; h <= 24; ++h) (h > 7 && h <= 22 ? day : night) += use_of(d, h);
    }
    const auto cents = [](std::int64_t wh, std::int64_t price) { return (wh * price + 500) / 1'000; };
    const std::int64_t meter = (310 * (last - first + 1) * 2 + 31) / 62;
    return to_string(Decimal{cents(day, 3'000) + cents(night, 1'000) + meter, -2});
  }
};

TEST_F(BillingTest, AWholePeriodIsBilledOnceItIsOver) {
  arrive({{kTotal, kBegin, register_at(kFirst), {}}});
  for (int d = 0; d < 3; ++d) arrive(readings_of(kFirst + d));
  at(kFirst + 3, 3);
  settle();
  EXPECT_TRUE(statements().empty()) << "four hours after its end";
  at(kFirst + 3, 4);
  settle();
  const std::string bill =
      "1 issued 10-04..10-06 " + expected(kFirst, kFirst + 2) + " cycle";
  EXPECT_EQ(statements(), std::vector<std::string>{bill});
  settle();
  crash();
  settle();
  billing->start_run({}, false, "ana");
  settle();
  EXPECT_EQ(statements(), std::vector<std::string>{bill}) << "the same cycle again";
  EXPECT_EQ(billing->runs()[0].issued, 0u);
  EXPECT_GT(billing->runs()[0].finished.value, 0);
}

TEST_F(BillingTest, EveryLineNamesItsIntervalsAndTheRevisionOfTheirDays) {
  three_days();
  const auto stored = store->billing().statement(StatementNumber(1)).value();
  ASSERT_TRUE(stored);
  const auto body = mdm::decode_statement(stored->body).value();
  EXPECT_EQ(body.customer, "Ana");
  ASSERT_EQ(body.statement.lines.size(), 3u);
  const mdm::Trace& trace = body.statement.lines[0].trace;
  EXPECT_EQ(trace.channel, kImport);
  EXPECT_EQ(to_iso(trace.from) + " " + to_iso(trace.to),
            "2024-10-04T00:00:00Z 2024-10-07T00:00:00Z");
  EXPECT_EQ(trace.slots, 45u);
  EXPECT_EQ(body.texts[0].name, "Day");
  ASSERT_EQ(body.inputs.size(), 1u);
  EXPECT_EQ(body.inputs[0], (mdm::BillInput{kImport, 1, kFirst, {1, 1, 1}}));
  EXPECT_EQ(body.tariff_digest.size(), 32u);
  EXPECT_EQ(store->billing().tariff(body.tariff_digest).value()->text, kTariff);
}

TEST_F(BillingTest, WhatIsMissingHoldsItUntilItIsEstimated) {
  three_days({7, 8});
  EXPECT_TRUE(statements().empty());
  EXPECT_EQ(held(), (std::vector<std::string>{"2 of 72 intervals are missing, allowed 0.0 %",
                                              "missing 10-05T06:00..10-05T08:00"}));
  at(kFirst + 5, 3);
  settle();
  settle();
  EXPECT_EQ(statements().size(), 1u) << "given up after three days, estimated, and billed";
  EXPECT_TRUE(held().empty());
}

TEST_F(BillingTest, LateActualsReverseTheBillAndIssueAnother) {
  three_days({7, 8});
  at(kFirst + 5, 3);
  settle();
  settle();
  ASSERT_EQ(statements().size(), 1u);
  arrive(readings_of(kFirst + 1));
  settle();
  const auto now = statements();
  ASSERT_EQ(now.size(), 3u);
  EXPECT_EQ(now[1].substr(0, 28), "2 reversal of 1 10-04..10-06");
  EXPECT_EQ(now[2], "3 issued 10-04..10-06 " + expected(kFirst, kFirst + 2) +
                        " final values changed");
  EXPECT_EQ(store->billing().billed(AccountId(1)).value(),
            store->billing().statement(StatementNumber(3)).value()->total);
}

TEST_F(BillingTest, AChangeThatMovesNoMoneyReversesNothing) {
  three_days();
  billing->start_run(AccountId(1), true, "ana");
  settle();
  EXPECT_EQ(statements().size(), 1u);
  EXPECT_EQ(billing->runs()[0].unchanged, 1u);
  std::string dearer = kTariff;
  dearer.replace(dearer.find("30.00"), 5, "31.00");
  write_tariff("home.toml", dearer);
  settle();
  EXPECT_EQ(statements().size(), 1u) << "a new tariff alone changes no bill";
  billing->start_run(AccountId(1), true, "ana");
  settle();
  EXPECT_EQ(statements().size(), 3u);
  EXPECT_EQ(billing->runs()[0].corrected, 1u);
}

TEST_F(BillingTest, WithoutATariffItIsHeldWithTheReason) {
  std::filesystem::remove(directory / "home.toml");
  crash();
  three_days();
  EXPECT_EQ(held(), std::vector<std::string>{"there is no tariff 'home'"});
  write_tariff("home.toml", "version = 1\nname = 3\n");
  billing->start_run({}, false, "ana");
  settle();
  EXPECT_EQ(held().size(), 1u);
  EXPECT_NE(held()[0].find("line 2"), std::string::npos) << held()[0];
  write_tariff("home.toml", kTariff);
  billing->start_run({}, false, "ana");
  settle();
  EXPECT_TRUE(held().empty());
  EXPECT_EQ(statements().size(), 1u);
}

TEST_F(BillingTest, AWaterMeterAtTheSamePointIsNoneOfItsBusiness) {
  store::MasterData water;
  Device device;
  device.id = DeviceId(2);
  device.serial = "W1";
  device.service_point = ServicePointId(1);
  device.commissioned = kBegin;
  water.devices = {device};
  water.channels = {{ChannelId(9), device.id, ChannelKind::kRegister, "volume", "", Unit::kCubicMetre,
                     -3, 0, 1}};
  ASSERT_TRUE(store->registry().add(water).ok());
  crash();
  three_days();
  EXPECT_TRUE(held().empty());
  EXPECT_EQ(statements().size(), 1u);
}

// The whole walk, dying once after each single thing that the platform does.
TEST(Billing, ACrashAnywhereIssuesNothingTwiceAndLosesNothing) {
  struct Walked : BillingTest {
    void TestBody() override {}
    void walk() {
      three_days({7, 8});
      at(kFirst + 5, 3);
      settle();
      settle();
      arrive(readings_of(kFirst + 1));
      settle();
      for (int d = 3; d < 6; ++d) arrive(readings_of(kFirst + d));
      at(kFirst + 7, 6);
      settle();
    }
  };
  Walked undisturbed;
  undisturbed.walk();
  const auto expected = undisturbed.statements();
  ASSERT_EQ(expected.size(), 3u);
  for (int at = 0; at < 5 * 9 * 5; ++at) {
    Walked t;
    t.crash_in = at;
    t.walk();
    EXPECT_EQ(t.statements(), expected) << "died after thing " << at;
    EXPECT_LT(t.crash_in, 0) << "it did not die";
  }
}

struct PrepaidTest : BillingTest {
  PrepaidTest() : BillingTest(true) {}
  std::vector<std::string> bookings() {
    std::vector<std::string> out;
    const auto all = store->billing().bookings(AccountId(1)).value();
    for (const PrepayBooking& b : all) {
      out.push_back(std::to_string(b.number) + " " + std::string(to_string(b.kind)) + " " +
                    to_string(Decimal{b.amount, -2}) + " = " + to_string(Decimal{b.balance, -2}));
    }
    return out;
  }
};

TEST_F(PrepaidTest, EachFinalDayIsTakenOffTheBalance) {
  EXPECT_TRUE(billing->credit(AccountId(1), "P-1", 100'000).value());
  EXPECT_FALSE(billing->credit(AccountId(1), "P-1", 100'000).value()) << "the same payment";
  EXPECT_FALSE(billing->credit(AccountId(1), "P-1", 900).ok());
  three_days({7, 8});
  const auto before = bookings();
  ASSERT_EQ(before.size(), 3u) << "the second day waits";
  EXPECT_EQ(held().size(), 2u);
  EXPECT_EQ(before[0], "1 credit 1000.00 = 1000.00");
  crash();
  settle();
  EXPECT_EQ(bookings(), before);
  for (int d = 3; d < 5; ++d) arrive(readings_of(kFirst + d));
  at(kFirst + 5, 5);
  settle();
  settle();
  EXPECT_EQ(bookings().size(), 6u);
  EXPECT_TRUE(held().empty());
  EXPECT_TRUE(statements().empty());
  std::int64_t spent = 0;
  for (int d = 0; d < 5; ++d)
    spent += (decimal_from(expected(kFirst + d, kFirst + d))->value);
  const auto all = store->billing().bookings(AccountId(1)).value();
  EXPECT_NEAR(static_cast<double>(all.back().balance), static_cast<double>(100'000 - spent), 600)
      << "the estimate moved some hours between the rates";
}

}  // namespace
}  // namespace amity::roles
