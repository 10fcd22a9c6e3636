// The file of a utility's facts, and what it says of a channel.
#include "mdm/facts/facts.h"

#include <gtest/gtest.h>

namespace amity::mdm {
namespace {

constexpr const char* kFile = R"(
version = 1
holidays = ["2026-01-06", "2026-12-25"]
[[rating]]
point = "SP-1"
unit = "Wh"
per_hour = "23000"
[[rating]]
class = "residential"
unit = "Wh"
per_hour = "9200"
[[rating]]
model = "E1"
unit = "Wh"
per_hour = "13800.5"
[[rating]]
meter = "W7"
unit = "m3"
per_hour = "2.5"
[[dial]]
model = "E1"
unit = "Wh"
digits = 8
[[check]]
main = "M1/import"
check = "C/1/import"
[[profile]]
unit = "Wh"
daily = "8000"
workday  = [1,1,1,1,1,1,2,2,2,2,2,2,2,2,2,2,2,4,4,4,4,4,2,1]
saturday = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
sunday   = [2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2]
)";

TEST(UtilityFacts, TheLowerOfFuseAndMeterCounts) {
  const UtilityFacts f = facts_from_toml(kFile).value();
  EXPECT_EQ(f.holidays.size(), 2u);
  EXPECT_EQ(f.rating("SP-1", "residential", "M1", "E1", Unit::kWattHour, 0, 1), 13'800);
  EXPECT_EQ(f.rating("SP-1", "residential", "M1", "E1", Unit::kWattHour, 0, 40), 575)
      << "the fuse is before the transformers, the meter behind them";
  EXPECT_EQ(f.rating("SP-2", "residential", "M1", "", Unit::kWattHour, -1, 1), 92'000);
  EXPECT_EQ(f.rating("SP-2", "commercial", "M1", "", Unit::kWattHour, 0, 1), 0);
  EXPECT_EQ(f.rating("SP-2", "residential", "W7", "", Unit::kCubicMetre, -3, 1), 2'500);
  EXPECT_EQ(f.dial("M1", "E1", Unit::kWattHour), 100'000'000);
  EXPECT_EQ(f.dial("M1", "E2", Unit::kWattHour), 0);
  EXPECT_EQ(f.checks.at({"M1", "import"}), (ChannelName{"C/1", "import"}));
}

TEST(UtilityFacts, HoursAreLaidIntoTheChannelsIntervals) {
  const UtilityFacts f = facts_from_toml(kFile).value();
  const UseProfile* use = f.profile("residential", Unit::kWattHour);
  ASSERT_NE(use, nullptr);
  EXPECT_EQ(f.profile("residential", Unit::kVarHour), nullptr);
  const auto quarters = class_profile(*use, 900);
  ASSERT_TRUE(quarters);
  EXPECT_EQ(quarters->weight.size(), 7u * 96);
  EXPECT_EQ(quarters->weight[17 * 4 + 3], 4);
  EXPECT_EQ(quarters->weight[6 * 96], 2);
  EXPECT_EQ(class_profile(*use, 3 * 3'600)->weight[5], 2 + 2 + 4);
  EXPECT_FALSE(class_profile(*use, 7 * 60));
}

TEST(UtilityFacts, WhatIsWrongIsToldWithItsLine) {
  const auto wrong = [](const std::string& text) {
    return facts_from_toml("version = 1\n" + text).error().reason;
  };
  EXPECT_EQ(wrong("[[rating]]\nunit = \"Wh\"\nper_hour = \"1\"\n"),
            "line 2: a rating is of a 'point', 'class', 'meter' or 'model'");
  EXPECT_EQ(wrong("[[rating]]\nmeter = \"M\"\nmodel = \"E\"\nunit = \"Wh\"\nper_hour = \"1\"\n"),
            "line 2: a rating is of one thing, not of two");
  EXPECT_EQ(wrong("[[check]]\nmain = \"M1\"\ncheck = \"C/a\"\n"),
            "line 2: 'main' is a meter and its channel: \"12345/import\"");
  EXPECT_EQ(wrong("holidays = [\"christmas\"]\n"),
            "line 2: 'christmas' is no date as \"2026-03-29\"");
  EXPECT_EQ(wrong("[[dial]]\nclass = \"x\"\nunit = \"Wh\"\ndigits = 5\n"),
            "line 2: a dial is of a 'meter' or a 'model'");
  EXPECT_EQ(wrong("colour = 3\n"), "line 2: the file has no setting 'colour'");
  EXPECT_EQ(facts_from_toml("").error().reason, "line 1: 'version = 1' is missing");
}

}  // namespace
}  // namespace amity::mdm
