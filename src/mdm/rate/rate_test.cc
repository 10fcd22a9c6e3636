// Bills reckoned by hand, clock-change months included.
#include "mdm/rate/rebill.h"
#include "mdm/rate/test_bill.h"

namespace amity::mdm {
namespace {

constexpr std::string_view kWorkshop = R"(
version = 1
name = "Workshop TOU"
currency = "EUR"
zone = "Europe/Madrid"
buckets = ["day", "night"]
[[schedule]]
days = "weekdays"
from = "07:00"
to = "22:00"
bucket = "day"
[[schedule]]
days = ["weekdays", "weekend"]
bucket = "night"
[[energy]]
name = "Energy day"
buckets = ["day"]
price = "0.20"
[[energy]]
name = "Energy night"
buckets = ["night"]
tiers = [{upto = "300", price = "0.10"}, {price = "0.12"}]
[[demand]]
name = "Highest demand"
price = "4.50"
ratchet_permille = 800
[[fixed]]
name = "Meter"
price = "3.10"
[[fixed]]
name = "Access"
per = "day"
price = "0.05"
[[tax]]
name = "VAT"
percent = "21"
)";

// 31 days less the hour that the clock skipped: 743 h of 1 kWh; 22 weekdays x 15 h by day, and a
// peak of 2,500 Wh in one of its quarter hours: 330 + 2.25. By night 413, of it 300 at the first
// price. 15 kW earlier x 0.8 exceeds the month's 10 kW. Tax: 21 % of 168.66 is 35.4186.
TEST(Rate, MarchWithTheClockGoingForward) {
  TestMonth m(kWorkshop, "2026-03-01", "2026-03-31");
  m.import[m.slot("2026-03-10T17:00Z")] = 2'500;  // 18:00 in Madrid
  m.earlier_peaks = {9'000, 15'000};
  EXPECT_EQ(m.text(), R"(Account A-1   Workshop TOU   2026-03-01T00:00:00+01:00 to 2026-04-01T00:00:00+02:00, 31 days
  Energy day                   332.250 kWh x 0.20                            66.45
      import: 1320 intervals, 2026-03-01T00:00:00+01:00 to 2026-04-01T00:00:00+02:00, sum 332250 Wh
  Energy night, tier 1         300.000 kWh x 0.10                            30.00
      import: 1652 intervals, 2026-03-01T00:00:00+01:00 to 2026-04-01T00:00:00+02:00, sum 413000 Wh
  Energy night, tier 2         113.000 kWh x 0.12                            13.56
      import: 1652 intervals, 2026-03-01T00:00:00+01:00 to 2026-04-01T00:00:00+02:00, sum 413000 Wh
  Highest demand               12.000 kW x 4.50                              54.00
      import: 1 interval, 2026-03-10T18:00:00+01:00 to 2026-03-10T18:15:00+01:00, sum 2500 Wh
      ratchet of an earlier 15.000 kW
  Meter                        1 month x 3.10                                 3.10
  Access                       31 days x 0.05                                 1.55
  VAT                          21 % of 168.66                                35.42
  TOTAL                        EUR                                          204.08
)");
}

// 31 days and the hour twice: 745 h; 22 weekdays by day: 330 kWh, by night 415.
TEST(Rate, OctoberWithTheClockGoingBack) {
  const Statement s = TestMonth(kWorkshop, "2026-10-01", "2026-10-31").bill();
  ASSERT_EQ(s.lines.size(), 7u);
  EXPECT_EQ(s.lines[0].quantity, 330'000);
  EXPECT_EQ(s.lines[1].quantity + s.lines[2].quantity, 415'000);
  EXPECT_EQ(s.lines[0].trace.slots + s.lines[1].trace.slots, 745u * 4);
}

// 10 of 31 days: the first tier ends at 300 x 10 / 31 = 96.774 kWh, the meter costs 1.00.
TEST(Rate, TiersAndFixedChargesAreProratedOverTheDays) {
  const TestMonth m(kWorkshop, "2026-01-05", "2026-01-14");
  const Statement s = m.bill();
  EXPECT_EQ(s.lines[1].quantity, 96'774);
  EXPECT_EQ(s.lines[1].amount, 968);
  EXPECT_EQ(line_name(s.lines[4], m.tariff), "Meter");
  EXPECT_EQ(s.lines[4].amount, 100);
  EXPECT_EQ(s.lines[5].amount, 50);
}

TEST(Rate, RoundingHalfUpAndHalfEven) {
  EXPECT_EQ(*priced(25, 0, {1, -1}, 0, Rounding::kHalfUp), 3);
  EXPECT_EQ(*priced(25, 0, {1, -1}, 0, Rounding::kHalfEven), 2);
  EXPECT_EQ(*priced(35, 0, {1, -1}, 0, Rounding::kHalfEven), 4);
  EXPECT_EQ(*priced(-25, 0, {1, -1}, 0, Rounding::kHalfUp), -3);
  EXPECT_EQ(*priced(-25, 0, {1, -1}, 0, Rounding::kHalfEven), -2);
  EXPECT_EQ(*priced(26, 0, {1, -1}, 0, Rounding::kHalfEven), 3);
  EXPECT_EQ(*priced(1, 3, {2, 0}, -2, Rounding::kHalfUp), 200'000);
  EXPECT_EQ(*priced(310, 0, {1, 0}, 0, Rounding::kHalfUp, kMonthShares / 31, kMonthShares), 10);
  EXPECT_FALSE(priced(INT64_MAX, 6, {999'999'999'999, 0}, -6, Rounding::kHalfUp).ok());
}

constexpr std::string_view kSolar = R"(
version = 1
name = "Roof"
currency = "USD"
zone = "America/New_York"
netting = "hour"
[[energy]]
name = "Bought"
price = "0.15"
[[energy]]
name = "Sold"
channel = "export"
price = "0.04"
[[minimum]]
name = "Minimum bill"
amount = "120.00"
[[reactive]]
name = "Reactive"
free_tan_permille = 500
price = "0.02"
)";

// 720 h of 1 kWh bought. At noon of one day 3 kWh are fed in: within the hour 1 kWh is set off, 2
// are sold. 719 x 0.15 = 107.85; sold 0.08; reactive 500 - 720 / 2 = 140 x 0.02 = 2.80; to 120.00
// are missing 9.43. cos phi = 720 / sqrt(720^2 + 500^2) = 0.8214.
TEST(Rate, NettingWithinTheHourMinimumAndReactive) {
  TestMonth m(kSolar, "2026-06-01", "2026-06-30");
  m.exported.assign(m.import.size(), 0);
  m.exported[m.slot("2026-06-10T16:15Z")] = 3'000;
  m.reactive.assign(m.import.size(), 0);
  m.reactive[0] = 500'000;
  EXPECT_EQ(m.text(), R"(Account A-1   Roof   2026-06-01T00:00:00-04:00 to 2026-07-01T00:00:00-04:00, 30 days
  Bought                       719.000 kWh x 0.15                           107.85
      import: 2880 intervals, 2026-06-01T00:00:00-04:00 to 2026-07-01T00:00:00-04:00, sum 720000 Wh
      1000 netted with export
  Sold                         2.000 kWh x -0.04                             -0.08
      export: 2880 intervals, 2026-06-01T00:00:00-04:00 to 2026-07-01T00:00:00-04:00, sum 3000 Wh
      1000 netted with import
  Reactive                     140.000 kvarh x 0.02                           2.80
      reactive: 2880 intervals, 2026-06-01T00:00:00-04:00 to 2026-07-01T00:00:00-04:00, sum 500000 varh
      360000 free against import
  Minimum bill                 1 month x 120.00                               9.43
      reached 110.57
  TOTAL                        USD                                          120.00
  power factor 0.821
)");
}

TEST(Rate, TheGateHoldsWithItsReason) {
  TestMonth m(kWorkshop, "2026-03-01", "2026-03-31");
  m.quality[5] = SlotQuality::kMissing;
  m.import[5] = 0;
  std::fill_n(m.quality.begin() + 100, 700, SlotQuality::kEstimated);
  m.quality[900] = SlotQuality::kFailed;
  m.unreconciled_days = 2;
  std::string holds;
  for (const Hold& hold : m.bill().holds) holds += explain(hold) + "\n";
  EXPECT_EQ(holds,
            "1 of 2972 intervals are missing, allowed 0.0 %\n"
            "700 of 2972 intervals are estimated, allowed 20.0 %\n"
            "1 of 2972 intervals failed validation and are not resolved, allowed 0\n"
            "on 2 days intervals and registers disagree, allowed 0\n");
}

TEST(Rate, WhatIsMissingOfExportOrReactiveEnergyHoldsTheBillAsWell) {
  TestMonth m(kSolar, "2026-06-01", "2026-06-30");
  m.exported.assign(m.import.size(), 0);
  m.reactive.assign(m.import.size(), 0);
  m.exported_quality.assign(m.import.size(), SlotQuality::kActual);
  std::fill_n(m.exported_quality.begin() + 200, 90, SlotQuality::kMissing);
  m.reactive_quality.assign(m.import.size(), SlotQuality::kActual);
  m.reactive_quality[7] = SlotQuality::kFailed;
  std::string holds;
  for (const Hold& hold : m.bill().holds) holds += explain(hold) + "\n";
  EXPECT_EQ(holds,
            "export: 90 of 2880 intervals are missing, allowed 0.0 %\n"
            "reactive energy: 1 of 2880 intervals failed validation and are not resolved, allowed "
            "0\n");
}

// Proration leaves nothing of a tier between two thresholds of 1 Wh: what is beyond is billed.
TEST(Rate, ATierWithoutAnyWidthEndsNoBill) {
  TestMonth m(R"(
version = 1
name = "Narrow"
currency = "EUR"
zone = "UTC"
[[energy]]
name = "E"
tiers = [{upto = "0.0004", price = "1"}, {upto = "0.0005", price = "2"}, {price = "0.10"}]
)",
              "2026-03-01", "2026-03-01");
  const Statement s = m.bill();
  std::int64_t billed = 0;
  for (const BillLine& line : s.lines) billed += line.quantity;
  EXPECT_EQ(billed, 96 * 250);
}

// 10 kW at night in May do not lift the ratchet of the day's demand.
TEST(Rate, ARatchetLooksBackOnItsOwnItem) {
  TestMonth m(std::string(kWorkshop) +
                  "[[demand]]\nname = \"By day\"\nbucket = \"day\"\nprice = \"1\"\n"
                  "ratchet_permille = 500\n",
              "2026-06-01", "2026-06-30");
  m.own_earlier_peaks = {{10'000}, {3'000}};
  std::string text;
  for (const BillLine& line : m.bill().lines) {
    if (line.kind == LineKind::kDemand)
      text += line_name(line, m.tariff) + " " + line_reckoning(line, m.tariff) + "\n";
  }
  EXPECT_EQ(text, "Highest demand 8.000 kW x 4.50\nBy day 1.500 kW x 1\n");
}

// The system's peak was at 18:00 in Madrid: 1.6 kW there, whatever the account's own highest.
TEST(Rate, CoincidentDemandIsThatAtTheSystemsPeak) {
  const auto tariff = [](const std::string& times) {
    return "version = 1\nname = \"CP\"\ncurrency = \"EUR\"\nzone = \"Europe/Madrid\"\n[[demand]]\n"
           "name = \"Coincident\"\nprice = \"2\"\nwindow_min = 60\ncoincident = [" +
           times + "]\n";
  };
  TestMonth m(tariff("\"2026-02-10T18:00\", \"2026-03-10T18:00\""), "2026-03-01", "2026-03-31");
  m.import[m.slot("2026-03-10T17:30Z")] = 850;
  m.import[m.slot("2026-03-20T17:30Z")] = 9'000;
  const Statement s = m.bill();
  ASSERT_EQ(s.lines.size(), 1u);
  EXPECT_EQ(line_reckoning(s.lines[0], m.tariff), "1.600 kW x 2");
  EXPECT_EQ(to_iso(s.lines[0].trace.from), "2026-03-10T17:00:00Z");
  TestMonth none(tariff("\"2026-02-10T18:00\""), "2026-03-01", "2026-03-31");
  AccountUse use{"a", none.view(1, none.import), nullptr, nullptr, {}, 0, {}};
  Statement out;
  const Status done = rate(none.plan, use, out);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().reason, "Coincident: the system's peak of this period is not told");
  EXPECT_EQ(tariff_from_toml(tariff("\"2026-03-29T02:30\"")).error().reason,
            "line 9: the clock skips '2026-03-29T02:30'");
}

TEST(Rate, ReRatingIsAReversalAndANewBillOnce) {
  TestMonth m(kWorkshop, "2026-03-01", "2026-03-31");
  BillLedger ledger;
  const Statement first = m.bill();
  ASSERT_EQ(ledger.post(first)->size(), 1u);
  ASSERT_EQ(ledger.post(first)->size(), 0u) << "the same again";
  m.import[2'000] = 2'250;  // a late actual: 2 kWh more
  const Statement second = m.bill();
  const auto added = ledger.post(second);
  ASSERT_TRUE(added.ok());
  ASSERT_EQ(added->size(), 2u);
  EXPECT_EQ((*added)[0].kind, EntryKind::kReversal);
  EXPECT_EQ((*added)[0].reverses, 1u);
  EXPECT_EQ((*added)[0].statement.total, -first.total);
  EXPECT_EQ(ledger.post(second)->size(), 0u);
  EXPECT_EQ(ledger.balance("A-1"), second.total);
  EXPECT_EQ(ledger.entries().size(), 3u);
  const Statement part = TestMonth(kWorkshop, "2026-03-05", "2026-03-10").bill();
  EXPECT_EQ(ledger.post(part).error().reason, "bill 3 of this account overlaps its period");
  m.quality[0] = SlotQuality::kMissing;
  EXPECT_EQ(ledger.post(m.bill()).error().reason,
            "held: 1 of 2972 intervals are missing, allowed 0.0 %");
}

TEST(Rate, ABillIsTheSumOfItsLinesAndLinesTraceToAllIntervals) {
  for (const char* last : {"2026-03-10", "2026-03-31", "2026-04-15"}) {
    TestMonth m(kWorkshop, "2026-03-01", last);
    for (std::size_t i = 0; i < m.import.size(); ++i)
      m.import[i] = static_cast<std::int64_t>(i * 7'919 % 1'000);
    const Statement s = m.bill();
    std::int64_t total = 0, energy = 0;
    for (const BillLine& line : s.lines) {
      total += line.amount;
      if (line.kind == LineKind::kEnergy) energy += line.quantity;
    }
    EXPECT_EQ(total, s.total);
    std::int64_t measured = 0;
    for (const std::int64_t v : m.import) measured += v;
    EXPECT_EQ(energy, measured);
  }
}

TEST(TariffToml, ErrorsNameTheirLine) {
  const auto told = [](std::string text) {
    const auto tariff = tariff_from_toml(text);
    return tariff.ok() ? std::string("read") : tariff.error().reason;
  };
  const std::string head = "version = 1\nname = \"x\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n";
  EXPECT_EQ(told(head), "line 1: the tariff bills nothing");
  const std::string energy = "[[energy]]\nname = \"e\"\n";
  EXPECT_EQ(told(head + energy + "price = \"0.1\"\n"), "read");
  EXPECT_EQ(told(head + energy +
                 "tiers = [{upto = \"500\", price = \"0.1\"},\n{upto = \"300\", price = \"0.2\"}, "
                 "{price = \"0.3\"}]\n"),
            "line 8: a tier that ends at 300 after 500: thresholds rise");
  EXPECT_EQ(told(head + energy + "price = \"0.1\"\n[prepay]\nlow_credit = \"-1\"\n"),
            "line 9: 'low_credit' is not negative");
  const std::string night = "[[schedule]]\nbucket = \"night\"\n";
  EXPECT_EQ(told(head + "buckets = [\"day\", \"night\"]\n" + night + energy +
                 "buckets = [\"night\"]\nprice = \"0.1\"\n"),
            "line 1: no [[energy]] bills the bucket 'day': where it is free, its price is \"0\"");
  EXPECT_EQ(told(head + "buckets = [\"a\", \"a\"]\n[[schedule]]\nbucket = \"a\"\n" + energy +
                 "price = \"0.1\"\n"),
            "line 1: two buckets are named 'a'");
  EXPECT_EQ(told(head + energy + "price = \"0.1\"\nbuckets = []\n"),
            "line 8: 'buckets' is a list of names");
  EXPECT_EQ(told(head + "[[season]]\nname = \"s\"\nfrom = \"02-30\"\nto = \"06-30\"\n"),
            "line 7: 'from' is a date as \"06-01\"");
  EXPECT_EQ(told("version = 1\nname = \"x\"\ncurrency = \"EURO\"\n"),
            "line 3: 'currency' is a code of ISO 4217, such as \"EUR\"");
  EXPECT_EQ(told("name = \"x\""), "line 1: 'version = 1' is missing");
  EXPECT_EQ(told(head + "[[energy]]\nname = \"e\"\nprice = 0.1\n"),
            "line 7: 'price' is a decimal written as text, such as \"0.125\"");
  EXPECT_EQ(told(head + "colour = 1\n"), "line 5: a tariff has no setting 'colour'");
  EXPECT_EQ(told(head + "buckets = [\"a\", \"b\"]\n[[schedule]]\ndays = \"weekdays\"\nbucket = \"a\"\n"),
            "line 1: no schedule rule covers Saturday 00:00 outside the seasons");
  EXPECT_EQ(told(head + "[[schedule]]\nfrom = \"07:20\"\nbucket = \"all\"\n"),
            "line 5: 'from' is a quarter hour of the wall clock as \"14:30\"");
  EXPECT_EQ(told(head + "[[energy]]\nname = \"e\"\ntiers = [{price = \"1\"}, {price = \"2\"}]\n"),
            "line 7: every tier but the last has 'upto'");
}

}  // namespace
}  // namespace amity::mdm
