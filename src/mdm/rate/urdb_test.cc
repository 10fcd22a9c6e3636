// A rate as the URDB API (version 7) answers, with a bill reckoned by hand.
#include "mdm/rate/urdb.h"

#include "mdm/rate/test_bill.h"

namespace amity::mdm {
namespace {

std::string schedule(const std::string& usual, const std::string& summer_afternoon) {
  std::string months;
  for (int m = 1; m <= 12; ++m) {
    months += m == 1 ? "[" : ",[";
    for (int h = 0; h < 24; ++h) {
      const bool peak = m >= 6 && m <= 9 && h >= 14 && h < 20;
      months += (h == 0 ? "" : ",") + (peak ? summer_afternoon : usual);
    }
    months += "]";
  }
  return "[" + months + "]";
}

std::string rate_json(const std::string& more = "") {
  return R"({"items":[{"label":"539f6a23ec4f024411ec8bf9","name":"TOU-8","utility":"Example",
    "energyratestructure":[[{"max":500,"unit":"kWh","rate":0.10,"adj":0.0049999999999999996},
                            {"unit":"kWh","rate":0.12}],
                           [{"unit":"kWh","rate":0.3,"sell":0.05}]],
    "energyweekdayschedule":)" +
         schedule("0", "1") + R"(,"energyweekendschedule":)" + schedule("0", "0") +
         R"(,"flatdemandstructure":[[{"rate":4.5,"adj":0.25}]],"demandratchetpercentage":[)"
         "0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5]"
         R"(,"fixedchargefirstmeter":12.5,"fixedchargeunits":"$/month","mincharge":20,"minchargeunits":"$/month")" +
         more + "}]}";
}

// July 2026: 31 days, 23 weekdays x 6 h at 0.30: 138 kWh, 41.40. The rest 606 kWh: 500 at 0.105,
// 52.50, and 106 at 0.12, 12.72. 1 kW, but half of 10 kW earlier: 5 x 4.75 = 23.75. 12.50 fixed.
TEST(Urdb, ARateByTimeWithTiersRatchetAndMinimum) {
  const auto tariff = tariff_from_urdb(rate_json(), "America/Los_Angeles");
  ASSERT_TRUE(tariff.ok()) << tariff.error().reason;
  TestMonth m(*tariff, "2026-07-01", "2026-07-31");
  m.earlier_peaks = {10'000};
  const Statement s = m.bill();
  std::string text;
  for (const BillLine& line : s.lines)
    text += line_name(line, m.tariff) + " " + to_string(Decimal{line.amount, -2}) + "\n";
  EXPECT_EQ(
      text,
      "Energy, period 0, tier 1 52.50\nEnergy, period 0, tier 2 12.72\nEnergy, period 1 41.40\n"
      "Flat demand 23.75\nFixed charge 12.50\n");
  EXPECT_EQ(s.total, 14'287);
}

TEST(Urdb, NetMeteringSellsAndWhatHasNoPlaceIsRefused) {
  const auto net = tariff_from_urdb(rate_json(R"(,"dgrules":"Net Billing Hourly")"), "UTC");
  ASSERT_TRUE(net.ok());
  EXPECT_EQ(net->netting, Netting::kHour);
  EXPECT_EQ(net->energy.back().role, Role::kExport);
  const auto told = [](const std::string& json) {
    const auto tariff = tariff_from_urdb(json, "UTC");
    return tariff.ok() ? std::string("read") : tariff.error().reason;
  };
  EXPECT_EQ(told(rate_json(R"(,"coincidentratestructure":[[{"rate":2.5}]])")),
            "'coincidentratestructure': the hour of the system's peak is not in the rate; a tariff in "
            "TOML names it ('coincident')");
  EXPECT_EQ(
      told(rate_json(R"(,"demandreactivepowercharge":0.3)")),
      "'demandreactivepowercharge' is per kVAR of demand: reactive energy alone is billed here");
  EXPECT_EQ(told(rate_json(R"(,"dgrules":"Something else")")), "'dgrules' is Something else");
  EXPECT_EQ(told("{}"), "the rate has no 'energyratestructure'");
  EXPECT_EQ(told("[]"), "0 rates: one is wanted");
  EXPECT_EQ(told("{\"energyratestructure\":"), "line 1, byte 23: no JSON: Invalid value.");
  EXPECT_EQ(told(rate_json(R"(,"lookbackPercent":0.8)")),
            "'lookbackPercent': which demand looks back is not told; 'demandratchetpercentage' is "
            "read");
  EXPECT_EQ(told(rate_json(R"(,"flatdemandmonths":[0,0,0,0,0,1,1,1,1,0,0,0])")),
            "'flatdemandmonths': month 6 names no period");
}

// What charges nothing is no reason to refuse; what is not known is told.
TEST(Urdb, FieldsThatAreNotTakenOverAreTold) {
  const auto tariff = tariff_from_urdb(
      rate_json(R"(,"demandreactivepowercharge":0,"coincidentratestructure":[[{"rate":0}]],
                "energyratestructur":[],"fixedchargefirstmetre":12,"lookbackMonths":[0],
                "demandweekdayschedule":[[0]],"energyattrs":[{"Fuel clause":"monthly"}])"),
      "UTC");
  ASSERT_TRUE(tariff.ok()) << tariff.error().reason;
  EXPECT_EQ(tariff->notes, (std::vector<std::string>{
                               "fixedchargefirstmetre", "energyattrs",
                               "demandweekdayschedule: there is no 'demandratestructure'"}));
}

std::string bill_of(const std::string& json, const char* first, const char* last) {
  const auto tariff = tariff_from_urdb(json, "UTC");
  if (!tariff.ok()) return tariff.error().reason;
  TestMonth m(*tariff, first, last);
  m.import[m.slot((std::string(first) + "T08:00Z").c_str())] = 1'000;
  m.import[m.slot((std::string(first) + "T20:00Z").c_str())] = 750;
  std::string text;
  for (const BillLine& line : m.bill().lines)
    text += line_name(line, m.tariff) + " " + line_reckoning(line, m.tariff) + "\n";
  return text;
}

std::string hours(const std::string& before, const std::string& after, int from) {
  std::string day = "[";
  for (int h = 0; h < 24; ++h) day += (h == 0 ? "" : ",") + (h < from ? before : after);
  day += "]";
  std::string year = "[" + day;
  for (int m = 1; m < 12; ++m) year += "," + day;
  return year + "]";
}

// Energy changes its price at noon, demand at 6: the two need not agree. The month's peak at 8
// o'clock is in demand's period 1, which spans both of energy's.
TEST(Urdb, DemandPeriodsMaySpanEnergyPeriods) {
  EXPECT_EQ(bill_of(R"({"name":"x","energyratestructure":[[{"rate":0.1}],[{"rate":0.2}]],
      "energyweekdayschedule":)" + hours("0", "1", 12) + R"(,"energyweekendschedule":)" +
                        hours("0", "1", 12) +
                        R"(,"demandratestructure":[[{"rate":1}],[{"rate":2}]],
      "demandweekdayschedule":)" + hours("0", "1", 6) + R"(,"demandweekendschedule":)" +
                        hours("0", "1", 6) + "}",
                    "2026-06-01", "2026-06-30"),
            "Energy, period 0 360.750 kWh x 0.1\nEnergy, period 1 360.500 kWh x 0.2\n"
            "Demand, period 0 1.000 kW x 1\nDemand, period 1 4.000 kW x 2\n");
}

TEST(Urdb, FlatDemandByMonthAndTiersOfADay) {
  const std::string rate = R"({"name":"x","energyratestructure":[[{"max":10,"unit":"kWh daily",
      "rate":0.1},{"unit":"kWh daily","rate":0.2}]],"energyweekdayschedule":)" +
                           hours("0", "0", 0) + R"(,"energyweekendschedule":)" +
                           hours("0", "0", 0) +
                           R"(,"flatdemandstructure":[[{"rate":5}],[{"rate":9}]],
      "flatdemandmonths":[0,0,0,0,0,1,1,1,1,0,0,0]})";
  EXPECT_EQ(bill_of(rate, "2026-06-01", "2026-06-30"),
            "Energy, period 0, tier 1 300.000 kWh x 0.1\nEnergy, period 0, tier 2 421.250 kWh x "
            "0.2\nFlat demand, period 1 4.000 kW x 9\n");
  const auto tariff = tariff_from_urdb(rate, "UTC");
  ASSERT_TRUE(tariff.ok());
  TestMonth m(*tariff, "2026-05-15", "2026-06-14");
  AccountUse use{"a", m.view(1, m.import), nullptr, nullptr, {}, 0, {}};
  Statement out;
  const Status done = mdm::rate(m.plan, use, out);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().reason,
            "Flat demand, period 0: its price changes with the month, within the bill's period");
}

}  // namespace
}  // namespace amity::mdm
