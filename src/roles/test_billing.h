// An account whose platform validates and bills, for tests of billing.
#pragma once

#include <filesystem>
#include <fstream>

#include "roles/billing_role.h"
#include "roles/journal_follower.h"
#include "roles/mdm_role.h"
#include "roles/test_meter.h"
#include "store/memory.h"
#include "store/test_directory.h"

namespace amity::roles {

inline constexpr const char* kTariff = R"(
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

inline std::string date(std::int32_t day) {
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
    const auto cents = [](std::int64_t wh, std::int64_t price) {
      return (wh * price + 500) / 1'000;
    };
    const std::int64_t meter = (310 * (last - first + 1) * 2 + 31) / 62;
    return to_string(Decimal{cents(day, 3'000) + cents(night, 1'000) + meter, -2});
  }
};

}  // namespace amity::roles
