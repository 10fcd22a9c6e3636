// One account from readings to statements: held while its values are not complete, issued once,
// corrected by reversal, and that a crash anywhere issues nothing twice and loses nothing.
#include <gtest/gtest.h>

#include "roles/test_billing.h"

namespace amity::roles {
namespace {

TEST_F(BillingTest, AWholePeriodIsBilledOnceItIsOver) {
  arrive({{kTotal, kBegin, register_at(kFirst), {}}});
  for (int d = 0; d < 3; ++d) arrive(readings_of(kFirst + d));
  at(kFirst + 3, 3);
  settle();
  EXPECT_TRUE(statements().empty()) << "four hours after its end";
  at(kFirst + 3, 4);
  settle();
  const std::string bill = "1 issued 10-04..10-06 " + expected(kFirst, kFirst + 2) + " cycle";
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
  EXPECT_EQ(now[2],
            "3 issued 10-04..10-06 " + expected(kFirst, kFirst + 2) + " final values changed");
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

TEST_F(BillingTest, AChangedTariffThatSaysSoIsRatedAgain) {
  const std::string again = "rerate_from = \"2024-10-01\"\n";
  std::string text = kTariff;
  text.insert(text.find("buckets"), again);
  write_tariff("home.toml", text);
  three_days();
  ASSERT_EQ(statements().size(), 1u);
  text.replace(text.find("30.00"), 5, "31.00");
  write_tariff("home.toml", text);
  settle();
  const auto now = statements();
  ASSERT_EQ(now.size(), 3u);
  EXPECT_EQ(now[1].substr(now[1].rfind("the")), "the tariff changed");
  EXPECT_EQ(now[2].substr(0, 22), "3 issued 10-04..10-06 ");
  EXPECT_NE(now[2].substr(22, 6), now[0].substr(22, 6));
  crash();
  settle();
  EXPECT_EQ(statements(), now) << "once";
  text.replace(text.find("2024-10-01"), 10, "2024-10-05");
  text.replace(text.find("31.00"), 5, "32.00");
  write_tariff("home.toml", text);
  settle();
  EXPECT_EQ(statements(), now) << "the period begins before that date";
}

TEST_F(BillingTest, ATariffThatChangedWhileNothingRanIsFoundAtTheStart) {
  std::string text = kTariff;
  text.insert(text.find("buckets"), "rerate_from = \"2024-10-01\"\n");
  write_tariff("home.toml", text);
  three_days();
  ASSERT_EQ(statements().size(), 1u);
  forget();
  text.replace(text.find("30.00"), 5, "31.00");
  write_tariff("home.toml", text);
  start();
  settle();
  EXPECT_EQ(statements().size(), 3u);
}

// Weeks, of which the first lacks two hours that nobody will bring for a month.
struct HeldTest : BillingTest {
  void two_weeks(const std::string& tariff) {
    write_tariff("home.toml", tariff);
    mdm_options.reread.give_up_after_s = 30 * 86'400;
    crash();
    BillingAccount weekly = store->billing().account(AccountId(1)).value().value();
    weekly.cycle = BillingCycle::kWeek;
    weekly.bill_day = 1;
    ASSERT_TRUE(billing->put_account(weekly).ok());
    arrive({{kTotal, kBegin, register_at(kFirst), {}}});
    for (int d = 0; d < 10; ++d)
      arrive(readings_of(kFirst + d, d == 1 ? std::vector<int>{7, 8} : std::vector<int>{}));
    at(kFirst + 10, 5);
    for (int i = 0; i < 4; ++i) settle();
  }
};

TEST_F(HeldTest, AHeldPeriodHoldsNoLaterOne) {
  two_weeks(kTariff);
  EXPECT_EQ(statements(), std::vector<std::string>{"1 issued 10-07..10-13 " +
                                                   expected(kFirst + 3, kFirst + 9) + " cycle"});
  EXPECT_EQ(held().size(), 2u);
  arrive(readings_of(kFirst + 1));
  settle();
  ASSERT_EQ(statements().size(), 2u) << "the first one follows";
  EXPECT_EQ(statements()[1], "2 issued 10-04..10-06 " + expected(kFirst, kFirst + 2) + " cycle");
  EXPECT_TRUE(held().empty());
}

TEST_F(HeldTest, ButOneWhoseDemandLooksBackAtIt) {
  two_weeks(
      std::string(kTariff) +
      "[[demand]]\nname = \"Peak\"\nwindow_min = 60\nprice = \"1.00\"\nratchet_permille = 800\n");
  EXPECT_TRUE(statements().empty());
  ASSERT_EQ(held().size(), 3u);
  EXPECT_EQ(held().back(),
            "the period from 2024-10-04 is not billed, and its highest demand counts "
            "in this one");
  arrive(readings_of(kFirst + 1));
  settle();
  settle();
  EXPECT_EQ(statements().size(), 2u);
  EXPECT_TRUE(held().empty());
}

// One moves out in the evening of the first day, the point stands empty, another moves in on the
// third.
TEST_F(BillingTest, WhoMovesOutAndWhoMovesInPayTheirOwnDays) {
  BillingAccount out = store->billing().account(AccountId(1)).value().value();
  out.closed = kFirst;
  ASSERT_TRUE(billing->put_account(out).ok());
  BillingAccount in = out;
  in.id = {};
  in.name = "A-2";
  in.opened = kFirst + 2;
  in.closed.reset();
  ASSERT_TRUE(billing->put_account(in).ok());
  three_days();
  const auto all = statements();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], "1 issued 10-04..10-04 " + expected(kFirst, kFirst) + " cycle");
  EXPECT_EQ(all[1], "2 issued 10-06..10-06 " + expected(kFirst + 2, kFirst + 2) + " cycle");
  EXPECT_EQ(store->billing().statement(StatementNumber(1)).value()->account, AccountId(1));
  EXPECT_EQ(store->billing().statement(StatementNumber(2)).value()->account, AccountId(2));
  // What was used while it stood empty is nobody's, and changes to it correct no bill.
  arrive({{kImport, UtcDay(kFirst + 1).start() + 12 * 3'600, 9, {}}});
  settle();
  EXPECT_EQ(statements(), all);
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
  water.channels = {
      {ChannelId(9), device.id, ChannelKind::kRegister, "volume", "", Unit::kCubicMetre, -3, 0, 1}};
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
  for (int d = 0; d < 5; ++d) spent += (decimal_from(expected(kFirst + d, kFirst + d))->value);
  const auto all = store->billing().bookings(AccountId(1)).value();
  EXPECT_NEAR(static_cast<double>(all.back().balance), static_cast<double>(100'000 - spent), 600)
      << "the estimate moved some hours between the rates";
}

// A month's demand would be charged anew every day.
TEST_F(PrepaidTest, ATariffOfLongerPeriodsTakesNothingOff) {
  write_tariff("home.toml", std::string(kTariff) +
                                "[[demand]]\nname = \"Peak\"\nwindow_min = 60\nprice = \"4\"\n");
  crash();
  EXPECT_TRUE(billing->credit(AccountId(1), "P-1", 100'000).value());
  three_days();
  EXPECT_EQ(bookings().size(), 1u);
  ASSERT_EQ(held().size(), 3u);
  const std::string why =
      "[[demand]] 'Peak' is the price of a whole period, a prepaid account is billed day by day";
  EXPECT_NE(held()[0].find(why), std::string::npos) << held()[0];
  BillingAccount again = store->billing().accounts().value().at(0);
  const auto put = billing->put_account(again);
  ASSERT_FALSE(put.ok());
  EXPECT_EQ(put.error().reason, why);
}

TEST_F(PrepaidTest, TheTariffSaysWhenCreditIsLow) {
  write_tariff("home.toml", std::string(kTariff) + "[prepay]\nlow_credit = \"999.00\"\n");
  crash();
  EXPECT_TRUE(billing->credit(AccountId(1), "P-1", 100'000).value());
  three_days();
  settle();
  std::string told;
  const auto events = store->events().latest(100).value();
  for (const Event& e : events) told += e.text + "\n";
  EXPECT_EQ(told, "prepaid credit is low\n");
}

TEST_F(PrepaidTest, MoneyIsInTheCurrencysOwnSmallestUnit) {
  EXPECT_EQ(billing->tariff_money("home")->decimals, 2);
  std::string yen = kTariff;
  yen.replace(yen.find("EUR"), 3, "JPY");
  write_tariff("home.toml", yen);
  crash();
  EXPECT_EQ(billing->tariff_money("home")->decimals, 0);
  EXPECT_TRUE(billing->credit(AccountId(1), "P-1", 1'000).value());
  three_days();
  const auto all = store->billing().bookings(AccountId(1)).value();
  ASSERT_EQ(all.size(), 4u);
  std::int64_t day = 0, night = 0;
  for (int h = 1; h <= 24; ++h) (h > 7 && h <= 22 ? day : night) += use_of(kFirst, h);
  EXPECT_EQ(all[1].amount, -((day * 30 + 500) / 1'000 + (night * 10 + 500) / 1'000 + 0))
      << "yen, each line rounded to whole ones; the meter's share of a day rounds to nothing";
  EXPECT_FALSE(billing->tariff_money("none").ok());
}

}  // namespace
}  // namespace amity::roles
