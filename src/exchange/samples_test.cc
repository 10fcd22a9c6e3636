// Every file of the NEM12/NEM13 and Green Button samples, with the totals that tests/sample_totals
// computes apart from this code: name | values | sums | refused lines.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "exchange/collecting_sink.h"
#include "exchange/formats.h"
#include "exchange/nem12_reader.h"
#include "exchange/series_check.h"

namespace amity::exchange {
namespace {

constexpr const char* kNem12Totals = R"(
Example_NEM12_ManyNMIs.zip|57024|214621000.000000 Wh|
Example_different_intervals.zip|240|33100.990000 376000.000000 Wh|
invalid/Example_NEM12_15min_200_30min_300.csv|0||3
invalid/Example_NEM12_15min_200_30min_400.csv|0||3
invalid/Example_NEM12_30min_200_15min_300.csv|0||3
invalid/Example_NEM12_30min_200_15min_400.csv|0||3
invalid/Example_NEM12_empty.csv|0||
invalid/Example_NEM12_incomplete_interval.csv|144|53328.000000 Wh 213312.000000 varh|3
invalid/Example_NEM12_missing_header.csv|96|53328.000000 Wh 106656.000000 varh|
invalid/Example_NEM12_powercor.csv|192|213312.000000 Wh 319968.000000 varh|
invalid/Example_NEM12_powercor.csv.zip|192|106656.000000 Wh 213312.000000 varh|
invalid/Example_NEM12_powercor_missing_fields.csv|192|213312.000000 Wh 319968.000000 varh|
invalid/Example_empty_file.csv|0||1
nem12/NEM12#000000000000001#CNRGYMDP#NEMMCO.zip|384|109075500.000000 Wh|
nem12/NEM12#000000000000002#CNRGYMDP#NEMMCO.zip|768|358797395.000000 Wh 117877930.000000 varh|
nem12/NEM12#000000000000003#CNRGYMDP#NEMMCO.zip|384|4490850.000000 Wh 2941050.000000 varh|
nem12/NEM12#000000000000004#CNRGYMDP#NEMMCO.zip|144|94003.000000 Wh|
nem12/NEM12#000000000000005#CNRGYMDP#NEMMCO.zip|288|86617500.000000 Wh|
nem12/NEM12#000000000000006#CNRGYMDP#NEMMCO.zip|384|2661210.000000 Wh|
nem12/NEM12#000000000000007#CNRGYMDP#NEMMCO.zip|384|1567804.000000 varh|
nem12/NEM12#000000000000008#CNRGYMDP#NEMMCO.zip|96|5580000.000000 Wh|
nem12/NEM12#000000000000009#CNRGYMDP#NEMMCO.zip|336|103342950.000000 Wh|
nem12/NEM12#000000000000010#CNRGYMDP#NEMMCO.zip|240|4406280.000000 Wh|
nem12/NEM12#01010_05030502#WBAYM#NEMMCO.zip|384|628050640.000000 Wh|
nem12/NEM12#02030_05030501#WBAYM#NEMMCO.zip|768|111075950.000000 Wh 78621210.000000 varh|
nem12/NEM12#03050_05031001#WBAYM#NEMMCO.zip|384|147082340.000000 Wh 88839890.000000 varh|
nem12/NEM12#05090_05031401#WBAYM#NEMMCO.zip|288|55853100.000000 Wh|
nem12/NEM12#06110_05021206#WBAYM#NEMMCO.zip|384|27213680.000000 Wh|
nem12/NEM12#07130_05021202#WBAYM#NEMMCO.zip|384|18463740.000000 varh|
nem12/NEM12#08150_05031502#WBAYM#NEMMCO.zip|96|13050265.000000 Wh|
nem12/NEM12#10190_05031401#WBAYM#NEMMCO.zip|240|9402580.000000 Wh|
nem12/NEM12#SCENARIO1005032705#ENERGEXM#NEMMCO.zip|480|347369180.000000 Wh|
nem12/NEM12#SCENARIO105032701#ENERGEXM#NEMMCO.zip|768|13685510.000000 Wh|
nem12/NEM12#SCENARIO205032701#ENERGEXM#NEMMCO.zip|768|276581550.000000 Wh 35311470.000000 varh|
nem12/NEM12#SCENARIO305032701#ENERGEXM#NEMMCO.zip|768|1844680.000000 Wh 539600.000000 varh|
nem12/NEM12#SCENARIO505033001#ENERGEXM#NEMMCO.zip|288|15145820.000000 Wh|
nem12/NEM12#SCENARIO605033001#ENERGEXM#NEMMCO.zip|384|288408070.000000 Wh|
nem12/NEM12#SCENARIO705033001#ENERGEXM#NEMMCO.zip|384|37153950.000000 varh|
nem12/NEM12#SCENARIO805040401#ENERGEXM#NEMMCO.zip|96|3477240.000000 Wh|
nem12/NEM12#Scenario01#POWERMDP#NEMMCO.zip|384|11411000.000000 Wh|
nem12/NEM12#Scenario04#POWERMDP#NEMMCO.zip|144|568292.000000 Wh|
nem12/NEM12#Scenario05#POWERMDP#NEMMCO.zip|288|1319904.000000 Wh|
nem12/NEM12#Scenario06#POWERMDP#NEMMCO.zip|384|7002930.000000 Wh|
nem12/NEM12#Scenario07#POWERMDP#NEMMCO.zip|384|4745140.000000 varh|
nem12/NEM12#Scenario08#POWERMDP#NEMMCO.zip|96|2314015.000000 Wh|
nem12/NEM12#Scenario09#POWERMDP#NEMMCO.zip|336|1539888.000000 Wh|
nem12/NEM12#Scenario10#POWERMDP#NEMMCO.zip|384|9727000.000000 Wh|
nem12/nem12#SCENARIO01#TCAUSTM#NEMMCO.zip|384|277450.000000 Wh|
nem12/nem12#SCENARIO01NEM1201003#ELECTDSM#NEMMCO.zip|768|756740.000000 Wh|
nem12/nem12#SCENARIO02#TCAUSTM#NEMMCO.zip|768|278416.000000 Wh 274290.000000 varh|
nem12/nem12#SCENARIO02NEM1202023#ELECTDSM#NEMMCO.zip|1536|1346753.000000 Wh 1278519.000000 varh|
nem12/nem12#SCENARIO03#TCAUSTM#NEMMCO.zip|384|133007.000000 Wh 135826.000000 varh|
nem12/nem12#SCENARIO03NEM1203043#ELECTDSM#NEMMCO.zip|768|10479960.000000 Wh 9926680.000000 varh|
nem12/nem12#SCENARIO04#TCAUSTM#NEMMCO.zip|144|87396.000000 Wh|
nem12/nem12#SCENARIO05#TCAUSTM#NEMMCO.zip|288|27990400.000000 Wh|
nem12/nem12#SCENARIO05NEM1205083#ELECTDSM#NEMMCO.zip|288|3074256.000000 Wh|
nem12/nem12#SCENARIO06#TCAUSTM#NEMMCO.zip|384|275960.000000 Wh|
nem12/nem12#SCENARIO06NEM1206103#ELECTDSM#NEMMCO.zip|960|1663225.000000 Wh|
nem12/nem12#SCENARIO07#TCAUSTM#NEMMCO.zip|384|266549.000000 varh|
nem12/nem12#SCENARIO07NEM1206103#ELECTDSM#NEMMCO.zip|960|784399.000000 varh|
nem12/nem12#SCENARIO08#TCAUSTM#NEMMCO.zip|96|19062.000000 Wh|
nem12/nem12#SCENARIO08NEM1208143#ELECTDSM#NEMMCO.zip|192|3029316.000000 Wh|
nem12/nem12#SCENARIO09#TCAUSTM#NEMMCO.zip|336|238576.000000 Wh|
nem12/nem12#SCENARIO10#TCAUSTM#NEMMCO.zip|288|162059.000000 Wh|
nem12/nem12#SCENARIO10NEM1210183#ELECTDSM#NEMMCO.zip|480|980947.000000 Wh|
nem13/NEM13#000000000000011#CNRGYMDP#NEMMCO.zip|3|77885000.000000 Wh|
nem13/NEM13#000000000000012#CNRGYMDP#NEMMCO.zip|3|87002000.000000 Wh|
nem13/NEM13#000000000000013#CNRGYMDP#NEMMCO.zip|3|104068000.000000 Wh|
nem13/NEM13#000000000000014#CNRGYMDP#NEMMCO.zip|3|77964000.000000 Wh|
nem13/NEM13#000000000000015#CNRGYMDP#NEMMCO.zip|12|184530000.000000 Wh|
nem13/NEM13#000000000000016#CNRGYMDP#NEMMCO.zip|9|233828000.000000 Wh|
nem13/NEM13#000000000000017#CNRGYMDP#NEMMCO.zip|3|77938000.000000 Wh|
nem13/NEM13#000000000000018#CNRGYMDP#NEMMCO.zip|18|275322000.000000 Wh|
nem13/NEM13#Scenario11#POWERMDP#NEMMCO.zip|3|3696000.000000 Wh|
nem13/NEM13#Scenario12#POWERMDP#NEMMCO.zip|3|1258000.000000 Wh|
nem13/NEM13#Scenario13#POWERMDP#NEMMCO.zip|3|10000212000.000000 Wh|
nem13/NEM13#Scenario14#POWERMDP#NEMMCO.zip|3|1782000.000000 Wh|
nem13/NEM13#Scenario15#POWERMDP#NEMMCO.zip|6|5188956160.000000 Wh|
nem13/NEM13#Scenario16#POWERMDP#NEMMCO.zip|9|7788000.000000 Wh|
nem13/NEM13#Scenario17#POWERMDP#NEMMCO.zip|3|3696000.000000 Wh|
nem13/NEM13#Scenario18#POWERMDP#NEMMCO.zip|12|1895264000.000000 Wh|
nem13/nem13#SCENARIO11#TCAUSTM#NEMMCO.zip|3|54783200.000000 Wh|
nem13/nem13#SCENARIO12#TCAUSTM#NEMMCO.zip|3|210800.000000 Wh|
nem13/nem13#SCENARIO13#TCAUSTM#NEMMCO.zip|3|100210800.000000 Wh|
nem13/nem13#SCENARIO14#TCAUSTM#NEMMCO.zip|3|4331000.000000 Wh|
nem13/nem13#SCENARIO15#TCAUSTM#NEMMCO.zip|6|1594560294.000000 Wh|
nem13/nem13#SCENARIO16#TCAUSTM#NEMMCO.zip|9|2041038000.000000 Wh|
nem13/nem13#SCENARIO17#TCAUSTM#NEMMCO.zip|3|199894000.000000 Wh|
nem13/nem13#SCENARIO18#TCAUSTM#NEMMCO.zip|6|235146000.000000 Wh|
unzipped/Example_NEM12_actual_interval.csv|96|53328.000000 Wh 106656.000000 varh|
unzipped/Example_NEM12_different_interval_length.csv|240|33129.990000 374000.000000 Wh|
unzipped/Example_NEM12_month_solar.csv|17856|859910.000000 Wh|
unzipped/Example_NEM12_multiple_meters.csv|1152|26880.000000 Wh 19200.000000 varh|
unzipped/Example_NEM12_multiple_quality.csv|48|896990.000000 Wh|
unzipped/Example_NEM12_no_scheduled_read.csv|96|5840.000000 Wh|
unzipped/Example_NEM12_partialchannel.csv|9216|293904.000000 Wh|
unzipped/Example_NEM12_substituted_interval.csv|96|110976.000000 Wh 47053848.000000 varh|
unzipped/Example_NEM12_upper_case_units.csv|96|53328.000000 Wh 106656.000000 varh|
unzipped/Example_NEM13_consumption_data.csv|3|15309800.000000 Wh|
unzipped/Example_NEM13_forward_estimate.csv|6|13028000.000000 Wh|
unzipped/Example_WesternPower.csv|192|0.000000 Wh 0.000000 varh|
)";

constexpr const char* kGreenButtonTotals = R"(
12MonthlyUpdates.xml|366|48348966.000000 Wh|
15minLP_15Days.xml|1340|1397734.000000 Wh|
1dayLP_365Days.xml|366|23990671.000000 Wh|
1dayLP_45Days.xml|45|2958004.000000 Wh|
1hrLP_32DaysNoCost.xml|768|2355432.000000 Wh|
BatchFeedThreeUsagePoints_M.xml|384|211560.000000 Wh|
Coastal_Single_Family_Jan_1_2011_to_Jan_1_2012.xml|8760|6562977.000000 Wh|
Electric.xml|2|5965053.000000 Wh|
Gas.xml|13|113372549008.400000 J|
MonthlyOnlyElectricData.xml|14|9567000.000000 Wh|
Water.xml|2|113055.108340 m3|
hourlyForMonthJan.xml|744|2301649.000000 Wh|
)";

const std::filesystem::path kData = std::filesystem::path(AMITY_SOURCE_DIR) / "../shared/data";

std::string summary_of(const std::filesystem::path& path, const std::string& name) {
  CollectingSink sink;
  sink.keep_values = false;
  SeriesCheck check(sink);
  FileReader reader(check, std::nullopt, {TimeZone::utc(), *TimeZone::find(kNemZone), 0, {}});
  std::ifstream in(path, std::ios::binary);
  char buffer[10'000];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0)
    reader.feed({buffer, static_cast<std::size_t>(in.gcount())});
  reader.finish();
  std::map<std::string, __int128> sums;
  std::size_t count = 0;
  for (const auto& [key, total] : sink.totals) {
    if (total.count == 0) continue;
    sums[std::string(symbol(total.series.unit))] += total.micro;
    count += total.count;
    EXPECT_TRUE(total.exact || total.series.unit == Unit::kCubicMetre) << name << " " << key;
  }
  std::string text = name + "|" + std::to_string(count) + "|", separator;
  for (const auto& [unit, micro] : sums) {
    text += separator + micro_text(micro) + (unit.empty() ? "" : " " + unit);
    separator = " ";
  }
  text += "|";
  separator = "";
  for (const std::string& refused : sink.refused) {
    text += separator + refused.substr(0, refused.find(':'));
    separator = " ";
  }
  return text;
}

void compare(const char* archive, const char* pinned) {
  const auto tar = kData / archive;
  if (!std::filesystem::exists(tar)) GTEST_SKIP() << tar << " is not there";
  const auto folder =
      std::filesystem::path(::testing::TempDir()) / ("samples_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string command = "tar -xJf '" + tar.string() + "' -C '" + folder.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  std::istringstream lines(pinned);
  std::size_t files = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    const std::string name = line.substr(0, line.find('|'));
    EXPECT_EQ(summary_of(folder / name, name), line);
    ++files;
  }
  std::size_t there = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    there += entry.is_regular_file();
  EXPECT_EQ(files, there) << "every file of the archive is in the list";
  std::filesystem::remove_all(folder);
}

TEST(Samples, EveryNem12AndNem13FileHasItsTotalOrItsReason) {
  compare("nem12_samples/nem12_nem13_examples.tar.xz", kNem12Totals);
}

TEST(Samples, EveryGreenButtonFileHasItsTotal) {
  compare("greenbutton_samples/greenbutton_samples.tar.xz", kGreenButtonTotals);
}

}  // namespace
}  // namespace amity::exchange
