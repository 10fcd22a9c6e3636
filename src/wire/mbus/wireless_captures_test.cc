// Every captured telegram against the values that another decoder gave for it. What needs the
// manufacturer's own knowledge is not for this room: it is counted, and listed by driver.
#include <rapidjson/document.h>

#include <cmath>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

#include "wire/mbus/decoder.h"
#include "wire/mbus/expected_test_support.h"
#include "wire/mbus/test_data.h"

namespace amity::mbus {
namespace {

using testing::has_number;
using wire::Report;

bool has_text(const Report& report, std::string expected) {
  std::replace(expected.begin(), expected.end(), ' ', 'T');
  for (const wire::Reading& reading : report.readings) {
    const auto* text = std::get_if<std::string>(&reading.value);
    if (text != nullptr && text->starts_with(expected)) return true;
    if (to_string(reading.time).starts_with(expected)) return true;
  }
  return false;
}

// The same device types in other words.
std::string_view medium_words(std::string_view medium) {
  if (medium == "heat cost allocation") return "heat cost allocator";
  if (medium == "heat/cooling load") return "heat and cooling";
  if (medium == "heat volume at inlet") return "heat at inlet";
  if (medium == "radio converter (meter side)") return "radio converter, meter side";
  if (medium == "bus/system component") return "bus or system component";
  return medium;
}

struct Tally {
  int found = 0, wanted = 0;
  std::map<std::string, int> missed_by_driver;
  std::string misses;
};

void compare(const rapidjson::Value& entry, const Report& report, Tally& numbers, Tally& dates,
             Tally& heads) {
  const std::string driver = entry["driver"].GetString();
  const auto count = [&](Tally& tally, bool found, const std::string& what) {
    ++tally.wanted;
    tally.found += found;
    if (found) return;
    ++tally.missed_by_driver[driver];
    tally.misses += "  " + driver + " " + what + "\n";
  };
  for (const auto& member : entry["expect"].GetObject()) {
    const std::string field = member.name.GetString();
    const auto& value = member.value;
    if (field == "id") {
      count(heads, report.meter.id == value.GetString(), field + " " + value.GetString());
    } else if (field == "media") {
      count(heads, report.meter.medium == medium_words(value.GetString()),
            field + " " + value.GetString() + ", here " + report.meter.medium);
    } else if (value.IsNumber()) {
      count(numbers, has_number(report, field, value.GetDouble()),
            field + " " + std::to_string(value.GetDouble()));
    } else if (value.IsString() && (field.ends_with("date") || field.ends_with("datetime"))) {
      count(dates, has_text(report, value.GetString()), field + " " + value.GetString());
    }
  }
}

std::string summary(const char* what, const Tally& tally) {
  std::string text = std::string(what) + ": " + std::to_string(tally.found) + " of " +
                     std::to_string(tally.wanted) + " found; not found by driver:";
  for (const auto& [driver, count] : tally.missed_by_driver)
    text += " " + driver + " " + std::to_string(count);
  return text + "\n";
}

TEST(WirelessCaptures, GiveTheValuesThatAnotherDecoderGives) {
  const auto path = testing::frames_folder("wmbus/telegrams.jsonl");
  SKIP_WITHOUT(path);
  std::istringstream in(testing::read_file(path));
  Tally numbers, dates, heads;
  std::string failures;
  int telegrams = 0, errors = 0;
  for (std::string line; std::getline(in, line);) {
    rapidjson::Document entry;
    entry.Parse(line.c_str());
    ASSERT_FALSE(entry.HasParseError()) << line;
    KeyStore keys;
    if (entry["key"].IsString()) {
      ASSERT_TRUE(keys.add_for_any(*from_hex(entry["key"].GetString())).ok());
    }
    Decoder decoder;
    Report report;
    for (const auto& hex : entry["telegrams"].GetArray()) {
      ++telegrams;
      Report one;
      const Status status = decoder.decode(*from_hex(hex.GetString()), keys, one);
      if (!status.ok()) {
        ++errors;
        failures += std::string("  ") + entry["driver"].GetString() + ": " +
                    to_string(status.error()) + "\n";
      } else if (!one.security.ok) {
        failures += std::string("  ") + entry["driver"].GetString() + ": " +
                    std::string(one.security.mode) + ": " + one.security.reason + "\n";
      }
      report.meter = one.meter;
      report.readings.insert(report.readings.end(), one.readings.begin(), one.readings.end());
    }
    compare(entry, report, numbers, dates, heads);
  }
  std::cout << summary("numbers", numbers) << summary("dates", dates)
            << summary("id and medium", heads) << telegrams << " telegrams, " << errors
            << " with an error\n";
  if (std::getenv("AMITY_SHOW_MISSES") != nullptr)
    std::cout << failures << numbers.misses << dates.misses << heads.misses;
  // All that is left needs a manufacturer's own layout (the drivers named above), or sums and
  // calendars of the other decoder's making.
  EXPECT_EQ(telegrams, 162);
  EXPECT_GE(numbers.found, 954);
  EXPECT_EQ(numbers.wanted, 1089);
  EXPECT_GE(dates.found, 214);
  EXPECT_EQ(dates.wanted, 325);
  EXPECT_GE(heads.found, 295);
  EXPECT_LE(errors, 3);
  for (const char* standard : {"aventieswm", "dme173", "elf2", "eltako", "engelmann-faw", "itron",
                               "itronheat", "lansensm", "minomess", "multical602", "sensostar",
                               "sharky", "ultraheat", "unismart", "waterstarm", "werhlemodwm"}) {
    EXPECT_EQ(numbers.missed_by_driver.count(standard), 0u) << standard;
  }
}

}  // namespace
}  // namespace amity::mbus
