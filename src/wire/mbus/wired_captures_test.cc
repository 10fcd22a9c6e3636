// Captured wired frames against the XML that another decoder gave: identity, number of records,
// values. Where its text differs from what is meant (byte order of raw numbers, dates that are
// none), the values are counted, not compared.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "wire/mbus/decoder.h"
#include "wire/mbus/test_data.h"

namespace amity::mbus {
namespace {

using testing::files_of;
using testing::frames_folder;
using testing::read_file;
using testing::stem;
using wire::Report;

// The text of the next <tag>..</tag> from `at` on; `at` moves behind it. nullopt: none.
std::optional<std::string> element(const std::string& xml, const std::string& tag,
                                   std::size_t& at) {
  const std::string open = "<" + tag + ">", close = "</" + tag + ">";
  const std::size_t start = xml.find(open, at);
  if (start == std::string::npos) return std::nullopt;
  const std::size_t end = xml.find(close, start);
  at = end;
  return xml.substr(start + open.size(), end - start - open.size());
}

std::string first(const std::string& xml, const std::string& tag) {
  std::size_t at = 0;
  return element(xml, tag, at).value_or("");
}

std::vector<std::string> records_of(const std::string& xml) {
  std::vector<std::string> records;
  std::size_t at = 0;
  while ((at = xml.find("<DataRecord", at)) != std::string::npos) {
    const std::size_t end = xml.find("</DataRecord>", at);
    records.push_back(xml.substr(at, end - at));
    at = end;
  }
  return records;
}

std::string medium_words(std::string medium) {
  if (medium == "Heat: Outlet" || medium == "Heat") return "heat";
  if (medium == "Heat: Inlet") return "heat at inlet";
  if (medium == "Heat / Cooling load meter") return "heat and cooling";
  if (medium == "Heat Cost Allocator") return "heat cost allocator";
  if (medium.starts_with("Warm water")) return "warm water";
  std::transform(medium.begin(), medium.end(), medium.begin(), ::tolower);
  return medium;
}

std::string value_text(const wire::Reading& reading) {
  if (const auto* exact = std::get_if<Decimal>(&reading.value)) return to_string(*exact);
  if (const auto* real = std::get_if<double>(&reading.value)) return std::to_string(*real);
  return std::get<std::string>(reading.value);
}

bool same_value(const wire::Reading& reading, const std::string& unit, std::string wanted) {
  const std::string mine = value_text(reading);
  if (wanted.ends_with(":00Z")) wanted.resize(16);
  if (mine == wanted || mine + ":00Z" == wanted) return true;
  char* end = nullptr;
  double number = std::strtod(wanted.c_str(), &end);
  if (end == wanted.c_str() || *end != 0) return false;
  if (unit == "l") number /= 1000;
  if (unit == "kWh") number *= 1000;
  const double own = std::strtod(mine.c_str(), nullptr);
  return std::abs(own - number) <= 1e-6 * std::max(1.0, std::abs(number));
}

struct Tally {
  int records = 0, values = 0, same = 0;
  std::string misses;
};

void compare(const std::string& name, const std::string& xml, const Report& report, Tally& tally) {
  SCOPED_TRACE(name);
  std::string id = first(xml, "Id");
  id.insert(0, 8 - id.size(), '0');
  EXPECT_EQ(report.meter.id, id);
  EXPECT_EQ(report.meter.manufacturer, first(xml, "Manufacturer"));
  if (!first(xml, "Version").empty()) {
    EXPECT_EQ(report.meter.version, first(xml, "Version"));
  }
  EXPECT_EQ(report.meter.medium, medium_words(first(xml, "Medium")));
  std::size_t i = 0;
  for (const std::string& record : records_of(xml)) {
    const std::string function = first(record, "Function");
    if (function.starts_with("Manufacturer") || function.starts_with("More records")) {
      EXPECT_FALSE(report.unknown.empty() && report.details.empty());
      continue;
    }
    ++tally.records;
    if (i >= report.readings.size()) {
      ADD_FAILURE() << "record " << i << " is missing";
      return;
    }
    const wire::Reading& reading = report.readings[i++];
    ++tally.values;
    if (same_value(reading, first(record, "Unit"), first(record, "Value"))) {
      ++tally.same;
    } else {
      tally.misses += "  " + name + " " + first(record, "Quantity") + " '" +
                      first(record, "Value") + "' here " + reading.id + " '" + value_text(reading) +
                      "' " + std::string(reading.unit) + "\n";
    }
    if (first(record, "Function") == "Maximum value") {
      EXPECT_EQ(reading.kind, "maximum");
    }
    if (const std::string tariff = first(record, "Tariff"); !tariff.empty()) {
      EXPECT_EQ(std::to_string(reading.tariff), tariff);
      EXPECT_EQ(std::to_string(reading.subunit), first(record, "Device"));
    }
    if (const std::string storage = first(record, "StorageNumber"); !storage.empty()) {
      EXPECT_EQ(std::to_string(reading.storage), storage);
    }
  }
  EXPECT_EQ(i, report.readings.size());
}

TEST(WiredCaptures, SayWhatAnotherDecoderSays) {
  const auto folder = frames_folder("mbus/test-frames");
  SKIP_WITHOUT(folder);
  Decoder decoder;
  Report report;
  Tally tally;
  int frames = 0;
  for (const auto& path : files_of(folder, ".hex")) {
    const std::string name = stem(path);
    const std::string xml = read_file(folder + "/" + name + ".norm.xml");
    const Status status = decoder.decode(*from_hex(read_file(path)), {}, report);
    EXPECT_TRUE(status.ok()) << name << ": " << to_string(status.error());
    ++frames;
    compare(name, xml, report, tally);
  }
  std::cout << frames << " frames, " << tally.records << " records, " << tally.same << " of "
            << tally.values << " values the same; others:\n"
            << tally.misses;
  // Dates 2000-00-00 are none; seconds are shown; the historic counter is of the first one's unit;
  // a reserved VIF has a raw number.
  EXPECT_EQ(frames, 37);
  EXPECT_EQ(tally.records, 437);
  EXPECT_GE(tally.same, 432);
}

// One line per frame of a folder: its error, what the meter reports, or what was found.
std::string outcomes(const std::string& folder) {
  std::string text;
  for (const auto& path : files_of(folder, ".hex")) {
    Report report;
    const Status status = decode(*from_hex(read_file(path)), {}, report);
    text += stem(path) + ": ";
    if (!status.ok()) {
      text += to_string(status.error());
    } else if (!report.events.empty()) {
      text += "the meter reports: " + report.events[0].text;
    } else {
      text += std::to_string(report.readings.size()) + " readings, " +
              std::to_string(report.unknown.size()) + " unknown";
    }
    text += '\n';
  }
  return text;
}

TEST(WiredCaptures, BrokenFramesAreErrorsWithAPlace) {
  const auto folder = frames_folder("mbus/error-frames");
  SKIP_WITHOUT(folder);
  EXPECT_EQ(
      outcomes(folder),
      "error: the meter reports: unspecified error\n"
      "premature_end_of_data2: truncated at byte 32: the value needs 3 bytes, 2 are left\n"
      "premature_end_of_var_vif1: truncated at byte 44: the data end before the end of the VIF's "
      "text\n"
      "too_many_dife: malformed at byte 40: more than 10 DIFE\n"
      "too_many_difes: the meter reports: more than 10 DIFE\n"
      "too_many_vife: malformed at byte 42: more than 10 VIFE\n"
      "unimplemented_ci: the meter reports: unimplemented CI-field\n"
      "unspecified_error: the meter reports: unspecified error\n");
}

TEST(WiredCaptures, UnsupportedFramesAreNamed) {
  const auto folder = frames_folder("mbus/unsupported-frames");
  SKIP_WITHOUT(folder);
  EXPECT_EQ(outcomes(folder),
            "invalid_length: malformed at byte 1: the length is 0, at least 3 are needed\n"
            "manual_frame4: 1 readings, 0 unknown\n"
            "manual_frame5: 1 readings, 0 unknown\n"
            "manual_frame6: 2 readings, 0 unknown\n"
            "svm_f22_telegram2: the meter reports: temporary error\n");
}

}  // namespace
}  // namespace amity::mbus
