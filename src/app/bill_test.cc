// `amity bill` over a file, as it prints.
#include "app/bill_run.h"

#include <gtest/gtest.h>

#include "mdm/rate/statement_text.h"
#include "mdm/rate/tariff_toml.h"

namespace amity::app {
namespace {

constexpr const char* kTariff = R"(
version = 1
name = "Plain"
currency = "EUR"
zone = "Europe/Madrid"
[[energy]]
name = "Energy"
price = "0.15"
[[fixed]]
name = "Meter"
price = "3.10"
[gate]
unreconciled_days = 0
)";
constexpr const char* kAccounts = R"(
version = 1
[[account]]
id = "Bakery"
serial = "AMY1"
register = "total"
register_digits = 6
multiplier = 10
from = "2026-10-24"
to = "2026-10-26"
)";

struct Files {
  BillOptions options;
  std::vector<std::string> rows;
  std::string told;  // of rows

  Files() {
    rows.emplace_back("serial,name,utc,value,unit,flags");
    auto tariff = mdm::tariff_from_toml(kTariff);
    EXPECT_TRUE(tariff.ok());
    options.tariff = std::move(*tariff);
    auto accounts = accounts_from_toml(kAccounts);
    EXPECT_TRUE(accounts.ok());
    options.accounts = std::move(*accounts);
    // Three local days, the second of 25 hours: 73 hours of 10.0 Wh at the meter, x 10.
    const UtcSeconds start = *from_iso("2026-10-23T22:00Z");
    for (int i = 1; i <= 73; ++i)
      rows.push_back("AMY1,import," + to_iso(start + i * 3'600) + ",10.0,Wh,");
    for (const auto& [time, dial] : {std::pair{"2026-10-23T22:00:00Z", "999900"},
                                     {"2026-10-24T22:00:00Z", "000140"},
                                     {"2026-10-25T23:00:00Z", "000390"},
                                     {"2026-10-26T23:00:00Z", "000630"}})
      rows.push_back(std::string("AMY1,total,") + time + "," + dial + ",Wh,");
  }
  std::string bill() {
    exchange::RowReader reader(exchange::RowFormat::kCsv);
    exchange::ParsedRow row;
    BillRun run(options);
    for (const std::string& line : rows) {
      const auto read = reader.read(line, row);
      EXPECT_TRUE(read.ok()) << line;
      if (!read.ok() || !*read) continue;
      const exchange::Problem odd = run.add(row);
      if (!odd.reason.empty()) told += odd.reason + "\n";
    }
    std::string out;
    const auto print = [&](const Bill& bill) {
      const auto name = [&](ChannelId id) { return bill.channels[id.value - 1]; };
      out += to_text(bill.statement, options.tariff, *TimeZone::find("Europe/Madrid"), name);
    };
    const auto done = run.run(print, [&](const std::string& why) { out += why; });
    return done.ok() ? out : done.error().reason;
  }
};

// 7.3 kWh x 0.15 = 1.095; 3.10 x 3 / 31 = 0.30. The register rolled over on the first day.
TEST(Bill, OverTheAutumnClockChangeThroughARollover) {
  Files f;
  EXPECT_EQ(f.bill(),
            R"(Account Bakery   Plain   2026-10-24T00:00:00+02:00 to 2026-10-27T00:00:00+01:00, 3 days
  Energy                       7.3000 kWh x 0.15                              1.10
      import: 73 intervals, 2026-10-24T00:00:00+02:00 to 2026-10-27T00:00:00+01:00, sum 7300.0 Wh
  Meter                        3/31 month x 3.10                              0.30
  TOTAL                        EUR                                            1.40
)");
}

TEST(Bill, AMissingHourAndARegisterThatDisagreesHoldIt) {
  Files f;
  f.rows.erase(f.rows.begin() + 10);
  f.rows.back() = "AMY1,total,2026-10-26T23:00:00Z,000700,Wh,";
  const std::string text = f.bill();
  EXPECT_NE(text.find("HELD: 1 of 73 intervals are missing, allowed 0.0 %\n"), std::string::npos);
  EXPECT_NE(text.find("HELD: on 2 days intervals and registers disagree, allowed 0\n"),
            std::string::npos)
      << text;
}

TEST(Bill, WhatDoesNotFitIsTold) {
  Files f;
  f.rows.push_back("AMY1,import,2026-10-24T10:30:00Z,1,Wh,");
  EXPECT_EQ(f.bill(), "account Bakery: 2026-10-24T10:30:00Z lies between two intervals");
  Files g;
  g.options.accounts[0].serial = "AMY2";
  EXPECT_EQ(g.bill(), "account Bakery: the file has no series 'import' of 'AMY2'");
  Files h;
  h.options.tariff.unit = Unit::kCubicMetre;
  EXPECT_EQ(h.bill(), "account Bakery: 'import' is in Wh, the tariff in m3");
  Files r;
  r.options.accounts[0].reactive = "reactive";
  r.rows.push_back("AMY1,reactive,2026-10-24T10:00:00Z,1,Wh,");
  EXPECT_EQ(r.bill(), "account Bakery: 'reactive' is in Wh, reactive energy is in varh");
}

TEST(Bill, AnAccountThatCannotBeBilledKeepsNoOtherFromIt) {
  Files f;
  BillAccount other = f.options.accounts[0];
  other.id = "Cinema";
  other.serial = "AMY2";
  f.options.accounts.insert(f.options.accounts.begin(), other);
  const std::string text = f.bill();
  EXPECT_EQ(text.find("account Cinema: the file has no series 'import' of 'AMY2'Account Bakery"), 0u)
      << text;
  const auto twice = accounts_from_toml(std::string(kAccounts) +
                                        "[[account]]\nid = \"Bakery\"\nfrom = \"2026-10-24\"\n"
                                        "to = \"2026-10-26\"\n");
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().reason, "line 11: the account 'Bakery' twice for one period");
}

TEST(Bill, ATimeThatComesAgainWithAnotherValueAndAUnitThatChangesAreTold) {
  Files f;
  f.rows.push_back(f.rows[5]);  // the very same
  f.rows.push_back("AMY1,import,2026-10-24T10:00:00Z,20.0,Wh,");
  f.rows.push_back("AMY1,import,2026-10-24T11:00:00Z,7,varh,");
  EXPECT_NE(f.bill().find("sum 7400.0 Wh"), std::string::npos);
  EXPECT_EQ(f.told,
            "'AMY1' import: 2026-10-24T10:00:00Z comes again with 20.0 for 10.0: the later counts\n"
            "'AMY1' import: the unit changes from Wh to varh: left out\n");
}

}  // namespace
}  // namespace amity::app
