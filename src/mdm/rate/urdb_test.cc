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
  EXPECT_EQ(told(rate_json(R"(,"coincidentratestructure":[])")),
            "'coincidentratestructure': the hour of the system's peak is not known here");
  EXPECT_EQ(
      told(rate_json(R"(,"demandreactivepowercharge":0.3)")),
      "'demandreactivepowercharge' is per kVAR of demand: reactive energy alone is billed here");
  EXPECT_EQ(told(rate_json(R"(,"dgrules":"Something else")")), "'dgrules' is Something else");
  EXPECT_EQ(told("{}"), "the rate has no 'energyratestructure'");
  EXPECT_EQ(told("[]"), "0 rates: one is wanted");
  EXPECT_EQ(told("{\"energyratestructure\":"), "no JSON");
}

}  // namespace
}  // namespace amity::mdm
