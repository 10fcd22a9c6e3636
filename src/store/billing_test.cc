// What is posted is there whole or not at all, and stays.
#include <gtest/gtest.h>

#include "store/sqlite_registry.h"
#include "store/test_directory.h"

namespace amity::store {
namespace {

StatementRecord record(StatementKind kind, std::int64_t total) {
  StatementRecord r;
  r.kind = kind;
  r.first_day = 20'000;
  r.last_day = 20'006;
  r.issued = UtcSeconds(1'728'000'000);
  r.total = total;
  r.currency = "EUR";
  r.cause = "cycle";
  r.body = {1, 2, 3};
  return r;
}

BillHold hold() {
  return {AccountId(1),       20'000,
          20'006,             UtcSeconds(5),
          UtcSeconds(6),      {"2 of 672 intervals are missing, allowed 0.0 %"},
          {{ChannelId(7), UtcSeconds(900), UtcSeconds(2'700), "missing"}}};
}

TEST(Billing, AccountsComeBack) {
  auto registry = SqliteRegistry::open(":memory:", {}).value();
  Billing& billing = registry->billing();
  BillingAccount a{{},     "A-1", ServicePointId(3), CustomerId(4), "home", BillingCycle::kWeek,
                   5,      20'000, 20'100, true, "import", "export", "reactive"};
  a.id = billing.put_account(a).value();
  EXPECT_EQ(billing.account(a.id).value(), a);
  a.closed.reset();
  EXPECT_EQ(billing.put_account(a).value(), a.id);
  EXPECT_EQ(billing.accounts().value(), std::vector<BillingAccount>{a});
  BillingAccount other = a;
  other.id = {};
  EXPECT_EQ(billing.put_account(other).error().reason, "there is an account A-1 already");
}

TEST(Billing, APostingNamesWhatItFollowsOn) {
  auto registry = SqliteRegistry::open(":memory:", {}).value();
  Billing& billing = registry->billing();
  const BillPosting first{AccountId(1), 20'000, {}, {record(StatementKind::kIssued, 900)}, {}};
  EXPECT_EQ(billing.post(first).value(), std::vector{StatementNumber(1)});
  EXPECT_EQ(billing.post(first).error().code, ErrorCode::kConflict) << "the same work again";
  const BillPosting second{AccountId(1),
                           20'000,
                           StatementNumber(1),
                           {record(StatementKind::kReversal, -900), record(StatementKind::kIssued, 950)},
                           {}};
  EXPECT_EQ(billing.post(second).value(), (std::vector{StatementNumber(2), StatementNumber(3)}));
  EXPECT_EQ(billing.statement(StatementNumber(2)).value()->reverses, StatementNumber(1));
  EXPECT_EQ(billing.in_force(AccountId(1), 20'000).value(), StatementNumber(3));
  EXPECT_EQ(billing.billed(AccountId(1)).value(), 950);
  EXPECT_EQ(billing.statements({AccountId(1), StatementNumber(3), 10}).value().size(), 2u);
  EXPECT_EQ(billing.statements({AccountId(2), {}, 10}).value().size(), 0u);
}

TEST(Billing, AHoldIsThereUntilItIsBilled) {
  auto registry = SqliteRegistry::open(":memory:", {}).value();
  Billing& billing = registry->billing();
  EXPECT_TRUE(billing.post({AccountId(1), 20'000, {}, {}, hold()}).value().empty());
  EXPECT_EQ(billing.holds().value(), std::vector<BillHold>{hold()});
  EXPECT_TRUE(
      billing.post({AccountId(1), 20'000, {}, {record(StatementKind::kIssued, 1)}, {}}).ok());
  EXPECT_TRUE(billing.holds().value().empty());
}

TEST(Billing, AStatementIsNeverAlteredNorForgotten) {
  const TestDirectory directory;
  const std::string file = directory / "registry.sqlite";
  {
    auto registry = SqliteRegistry::open(file, {}).value();
    ASSERT_TRUE(registry->billing()
                    .post({AccountId(1), 20'000, {}, {record(StatementKind::kIssued, 900)}, {}})
                    .ok());
  }
  auto db = Sqlite::open(file, false, false).value();
  EXPECT_NE(db->execute("UPDATE statement SET total = 1").ok(), true);
  EXPECT_NE(db->execute("DELETE FROM statement").ok(), true);
  auto registry = SqliteRegistry::open(file, {}).value();
  EXPECT_EQ(registry->billing().statement(StatementNumber(1)).value()->total, 900);
}

TEST(Billing, BookingsAreNumberedAndAPaymentIsBookedOnce) {
  auto registry = SqliteRegistry::open(":memory:", {}).value();
  Billing& billing = registry->billing();
  PrepayBooking b{AccountId(1), 1, PrepayKind::kCredit, UtcSeconds(5), {}, 1'000, 1'000, "P-1"};
  EXPECT_TRUE(billing.book({&b, 1}).ok());
  EXPECT_EQ(billing.book({&b, 1}).error().code, ErrorCode::kConflict);
  b.number = 2;
  EXPECT_EQ(billing.book({&b, 1}).error().code, ErrorCode::kConflict) << "the same payment";
  b.reference = "";
  b.kind = PrepayKind::kUse;
  EXPECT_TRUE(billing.book({&b, 1}).ok());
  b.number = 3;
  EXPECT_TRUE(billing.book({&b, 1}).ok());
  EXPECT_EQ(billing.bookings(AccountId(1)).value().size(), 3u);
}

TEST(Installations, AnExchangeEndsOneMeterAndBeginsAnother) {
  auto registry = SqliteRegistry::open(":memory:", {}).value();
  MasterData data;
  ServicePoint point;
  point.id = ServicePointId(1);
  point.name = "SP1";
  data.service_points = {point};
  for (std::uint32_t i = 1; i <= 2; ++i) {
    Device d;
    d.id = DeviceId(i);
    d.serial = "M" + std::to_string(i);
    d.commissioned = UtcSeconds(1'000);
    if (i == 1) d.service_point = point.id;
    data.devices.push_back(d);
  }
  ASSERT_TRUE(registry->add(data).ok());
  const Installation first{point.id, DeviceId(1), UtcSeconds(1'000), {}};
  EXPECT_EQ(registry->installations().value(), std::vector{first});
  Installation out = first;
  out.to = UtcSeconds(5'000);
  const Installation in{point.id, DeviceId(2), UtcSeconds(5'000), {}};
  EXPECT_TRUE(registry->exchange(out, in).ok());
  EXPECT_FALSE(registry->exchange(out, in).ok()) << "it hangs there no more";
  EXPECT_EQ(registry->installations().value(), (std::vector{out, in}));
  EXPECT_EQ(registry->device(DeviceId(1)).value()->state, DeviceState::kRemoved);
  EXPECT_EQ(registry->device(DeviceId(2)).value()->service_point, point.id);
}

TEST(Billing, NumbersAreNotGivenAgainAfterARestore) {
  TestDirectory directory;
  const std::string file = directory / "registry.db", copy = directory / "copy.db";
  auto registry = SqliteRegistry::open(file, {}).value();
  const auto post = [](SqliteRegistry& r, std::uint32_t account) {
    return r.billing()
        .post({AccountId(account), 20'000, {}, {record(StatementKind::kIssued, 900)}, {}})
        .value()
        .front()
        .value;
  };
  EXPECT_EQ(post(*registry, 1), 1u);
  ASSERT_TRUE(registry->backup(copy).ok());
  EXPECT_EQ(post(*registry, 2), 2u) << "a customer has it";
  auto restored = SqliteRegistry::open(copy, {}).value();
  ASSERT_TRUE(restored->mark_restored(UtcSeconds(1'700'000'000)).ok());
  EXPECT_EQ(post(*restored, 2), 1 + kStatementsSkippedOnRestore + 1);
  EXPECT_EQ(post(*restored, 3), 1 + kStatementsSkippedOnRestore + 2);
  ASSERT_TRUE(restored->mark_restored(UtcSeconds(1'700'000'100)).ok());
  EXPECT_EQ(post(*restored, 4), 1 + 2 * kStatementsSkippedOnRestore + 3);
}

}  // namespace
}  // namespace amity::store
