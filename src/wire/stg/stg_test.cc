// The reports beside the source with the values that another parser gave (Python literals), value
// by value.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "wire/stg/report.h"

namespace amity::stg {
namespace {

using Fields = std::map<std::string, std::string>;

// Reads every {...} that holds no other one as its fields; lists of scalars are skipped.
class Literals {
 public:
  explicit Literals(std::string text) : text_(std::move(text)) {}
  std::vector<Fields> all() {
    while (skip()) value();
    return records_;
  }

 private:
  bool skip() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (std::isspace(static_cast<unsigned char>(text_[at_])) || text_[at_] == ',' ||
                 text_[at_] == ':') {
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }
  std::string value() {
    if (!skip()) return {};
    const char c = text_[at_];
    if (c == '\'' || c == '"') return quoted();
    if (c == '[' || c == '{') return container();
    const std::size_t start = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                  text_[at_] == '.' || text_[at_] == '-')) {
      ++at_;
    }
    if (at_ == start) ++at_;
    return text_.substr(start, at_ - start);
  }
  std::string quoted() {
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\') {
        ++at_;
        out += text_[at_] == 'n' ? '\n' : text_[at_];
      } else {
        out += text_[at_];
      }
      ++at_;
    }
    ++at_;
    return out;
  }
  std::string container() {
    const bool fields = text_[at_] == '{';
    const char end = fields ? '}' : ']';
    ++at_;
    Fields record;
    while (skip() && text_[at_] != end) {
      const std::string key = value();
      if (!fields) continue;
      skip();
      const bool nested = text_[at_] == '[' || text_[at_] == '{';
      const std::string text = value();
      if (!nested) record[key] = text;
    }
    ++at_;
    if (fields) records_.push_back(std::move(record));
    return {};
  }

  std::string text_;
  std::size_t at_ = 0;
  std::vector<Fields> records_;
};

std::filesystem::path folder() {
  return AMITY_SOURCE_DIR "/../shared/data/frames/stg";
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

struct Pair {
  ConcentratorReport report;
  std::vector<Fields> expected;
};
Pair load(const std::string& name) {
  auto report = parse_report(as_bytes(read_file(folder() / name)));
  EXPECT_TRUE(report.ok()) << name << ": " << to_string(report.error());
  Pair pair;
  if (report.ok()) pair.report = std::move(*report);
  pair.expected = Literals(read_file(folder() / (name + "_result.txt"))).all();
  EXPECT_FALSE(pair.expected.empty()) << name;
  return pair;
}
bool absent() {
  return !std::filesystem::exists(folder());
}
#define SKIP_WITHOUT_CAPTURES() \
  if (absent()) GTEST_SKIP() << "no captures beside the source"

// "2015-08-31 02:00:00", as the other parser writes times.
std::string stamp(const wire::MeterTime& time) {
  std::string text = to_string(time);
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text;
}

double number(const wire::Reading& reading) {
  return std::stod(to_string(std::get<Decimal>(reading.value)));
}

std::size_t compare_curve(const std::string& name) {
  const Pair pair = load(name);
  std::size_t compared = 0, record = 0;
  for (const Subject& subject : pair.report.subjects) {
    const auto& readings = subject.report.readings;
    for (std::size_t i = 0; i + 6 <= readings.size(); i += 6, ++record) {
      if (record >= pair.expected.size()) break;
      const Fields& expected = pair.expected[record];
      EXPECT_EQ(subject.report.meter.id, expected.at("name"));
      EXPECT_EQ(stamp(readings[i].time), expected.at("timestamp"));
      const std::string quality =
          readings[i].note.empty() ? "00" : readings[i].note.substr(std::string("quality ").size());
      EXPECT_EQ(quality, expected.at("bc"));
      for (std::size_t j = 0; j < 6; ++j, ++compared) {
        std::string key = readings[i + j].id;
        std::transform(key.begin(), key.end(), key.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        // The other parser hands the magnitude on beside the number.
        EXPECT_EQ(number(readings[i + j]),
                  std::stod(expected.at("magn")) * std::stod(expected.at(key)))
            << name << " " << record;
      }
    }
  }
  EXPECT_EQ(record, pair.expected.size()) << name;
  return compared;
}

TEST(Stg, CurvesValueByValue) {
  SKIP_WITHOUT_CAPTURES();
  EXPECT_GT(compare_curve("CIR4621247027_0_S02_0_20150901111051"), 1'000u);
  EXPECT_GT(compare_curve("MRTR000000822522_0_S52_1_20200929001048"), 5'000u);
}

std::size_t compare_billing(const std::string& name) {
  const Pair pair = load(name);
  std::size_t compared = 0;
  std::map<std::string, std::vector<const wire::Reading*>> found;
  for (const Subject& subject : pair.report.subjects) {
    for (const wire::Reading& r : subject.report.readings) {
      found[fmt::format("{} {} {} {} {}", subject.report.meter.id, r.id, r.tariff, r.subunit,
                        r.id == "Mx" ? "" : stamp(r.time))]
          .push_back(&r);
    }
  }
  for (const Fields& expected : pair.expected) {
    const auto look = [&](const std::string& id, const std::string& time) -> const wire::Reading* {
      const auto it = found.find(fmt::format("{} {} {} {} {}", expected.at("name"), id,
                                             expected.at("period"), expected.at("contract"), time));
      return it == found.end() ? nullptr : it->second.front();
    };
    for (const char* attribute : {"AI", "AE", "R1", "R2", "R3", "R4"}) {
      std::string key = attribute;
      for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const auto* reading = look(attribute + expected.at("value"), expected.at("date_end"));
      if (reading == nullptr) {
        ADD_FAILURE() << name << ": " << attribute << " of " << expected.at("name");
        continue;
      }
      EXPECT_EQ(number(*reading), 1'000 * std::stod(expected.at(key))) << "kWh here, Wh there";
      ++compared;
    }
    if (!expected.contains("max")) continue;
    const auto* maximum = look("Mx", "");
    if (maximum == nullptr) {
      ADD_FAILURE() << name << ": maximum of " << expected.at("name");
      continue;
    }
    EXPECT_EQ(number(*maximum), std::stod(expected.at("max")));
    EXPECT_EQ(stamp(maximum->time), expected.at("date_max"));
    ++compared;
  }
  return compared;
}

TEST(Stg, BillingValueByValue) {
  SKIP_WITHOUT_CAPTURES();
  EXPECT_GT(compare_billing("CIR4621247027_0_S04_0_20150901110412"), 1'000u);
  EXPECT_GT(compare_billing("CIR4621247027_0_S05_0_20150901072044"), 500u);
  EXPECT_EQ(compare_billing("ZIV0004394488_0_S27_20170727120456_no_max"), 49u);
}

TEST(Stg, EventsValueByValue) {
  SKIP_WITHOUT_CAPTURES();
  for (const char* name :
       {"ZIV0000034180_0_S09_0_20161216080308", "ZIV0000034180_0_S13_0_20161216080308",
        "ZIV0000035536_0_S15_0_20161204040002", "ZIV0000035536_0_S17_0_20161204040002"}) {
    const Pair pair = load(name);
    std::size_t record = 0;
    for (const Subject& subject : pair.report.subjects) {
      for (const wire::Event& event : subject.report.events) {
        ASSERT_LT(record, pair.expected.size()) << name;
        const Fields& expected = pair.expected[record++];
        EXPECT_EQ(subject.report.meter.id, expected.at("name"));
        EXPECT_EQ(stamp(event.time), expected.at("timestamp"));
        EXPECT_EQ(event.time.daylight_saving, expected.at("season") == "S");
        EXPECT_EQ(event.id, expected.at("event_group") + "." + expected.at("event_code"));
        if (expected.contains("data")) {
          EXPECT_EQ(event.text, expected.at("data"));
        }
      }
    }
    EXPECT_EQ(record, pair.expected.size()) << name;
  }
}

// What the other parser calls them.
const std::pair<const char*, const char*> kInstantNames[] = {{"voltage", "L1v"},
                                                             {"current", "L1i"},
                                                             {"active_power_import", "Pimp"},
                                                             {"active_power_export", "Pexp"},
                                                             {"reactive_power_import", "Qimp"},
                                                             {"reactive_power_export", "Qexp"},
                                                             {"power_factor", "PF"},
                                                             {"current_sum_3_phases", "I3"},
                                                             {"active_power_import1", "Pimp"},
                                                             {"active_power_export1", "Pexp"},
                                                             {"voltage1", "L1v"},
                                                             {"current1", "L1i"},
                                                             {"active_power_import1", "Pimp1"},
                                                             {"active_power_export1", "Pexp1"},
                                                             {"reactive_power_export1", "Qexp1"},
                                                             {"power_factor1", "PF1"},
                                                             {"voltage2", "L2v"},
                                                             {"current2", "L2i"},
                                                             {"active_power_import2", "Pimp2"},
                                                             {"voltage3", "L3v"},
                                                             {"current3", "L3i"},
                                                             {"active_power_import3", "Pimp3"},
                                                             {"active_power_export3", "Pexp3"},
                                                             {"reactive_power_import3", "Qimp3"},
                                                             {"reactive_power_export3", "Qexp3"},
                                                             {"power_factor3", "PF3"},
                                                             {"ai", "AIa"},
                                                             {"ae", "AEa"},
                                                             {"r1", "R1a"},
                                                             {"r4", "R4a"}};

TEST(Stg, InstantaneousValuesValueByValue) {
  SKIP_WITHOUT_CAPTURES();
  std::size_t compared = 0;
  for (const char* name : {"S01.xml", "S21.xml", "S26.xml"}) {
    const Pair pair = load(name);
    ASSERT_EQ(pair.report.subjects.size(), pair.expected.size());
    for (std::size_t i = 0; i < pair.expected.size(); ++i) {
      const wire::Report& report = pair.report.subjects[i].report;
      EXPECT_EQ(report.meter.id, pair.expected[i].at("name"));
      EXPECT_EQ(stamp(report.time), pair.expected[i].at("timestamp"));
      for (const auto& [theirs, ours] : kInstantNames) {
        const auto expected = pair.expected[i].find(theirs);
        const auto reading =
            std::find_if(report.readings.begin(), report.readings.end(),
                         [&, id = ours](const wire::Reading& r) { return r.id == id; });
        if (expected == pair.expected[i].end() || reading == report.readings.end()) continue;
        const double scale = std::string_view(ours).ends_with("a") ? 1'000 : 1;
        EXPECT_EQ(number(*reading), scale * std::stod(expected->second)) << name << " " << ours;
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 11u + 21u + 8u);
}

bool same(const std::string& theirs, const std::string& ours) {
  if (theirs == ours) return true;
  if (theirs == "True" || theirs == "False") return ours == (theirs == "True" ? "Y" : "N");
  if (const auto time = parse_time(ours)) return stamp(*time) == theirs;
  const auto a = decimal_from(theirs), b = decimal_from(ours);
  return a.ok() && b.ok() && std::stod(theirs) == std::stod(ours);
}

// Configuration: every value the other parser gives is among our attributes; its defaults for
// attributes that are not in the file (None, 0, False, empty) aside.
TEST(Stg, ConfigurationValueByValue) {
  SKIP_WITHOUT_CAPTURES();
  for (const char* name :
       {"S06.xml", "CIR4621247027_0_S12_0_20150903140000", "CIR4621531018_0_G01_0_20250531063000",
        "CIR4621531018_0_G02_0_20250625070000", "CIR4621511030_0_S24_0_20180529093051"}) {
    const Pair pair = load(name);
    std::vector<std::string> values = {pair.report.type, pair.report.request, pair.report.version,
                                       pair.report.concentrator};
    for (const Subject& subject : pair.report.subjects) {
      values.push_back(subject.report.meter.id);
      values.push_back(subject.report.time.daylight_saving ? "S" : "W");
      for (const auto& [key, value] : subject.attributes) values.push_back(value);
    }
    std::size_t compared = 0;
    for (const Fields& record : pair.expected) {
      for (const auto& [key, value] : record) {
        if (value.empty() || value == "None" || value == "0" || value == "False" || key == "type")
          continue;
        EXPECT_TRUE(std::any_of(values.begin(), values.end(),
                                [&, v = value](const std::string& ours) { return same(v, ours); }))
            << name << ": " << key << " = " << value;
        ++compared;
      }
    }
    EXPECT_GT(compared, 20u) << name;
  }
}

TEST(Stg, EveryFileIsReadAndNothingOfItIsDropped) {
  SKIP_WITHOUT_CAPTURES();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with("_result.txt")) continue;
    ++files;
    const auto report = parse_report(as_bytes(read_file(entry.path())));
    ASSERT_TRUE(report.ok()) << name << ": " << to_string(report.error());
    EXPECT_NE(name.find(report->type), std::string::npos);
    std::size_t facts = 0;
    for (const Subject& subject : report->subjects)
      facts +=
          subject.report.readings.size() + subject.report.events.size() + subject.attributes.size();
    EXPECT_GT(facts, 0u) << name;
  }
  EXPECT_EQ(files, 21u);
}

constexpr const char* kSmall =
    "<Report IdRpt=\"S02\" IdPet=\"7\" Version=\"3.1.c\"><Cnc Id=\"CIR1\"><Cnt Id=\"ZIV2\" "
    "Magn=\"1000\">"
    "<S02 Fh=\"20261025030000000W\" Bc=\"80\" AI=\"12\" AE=\"0\" R1=\"x\" R2=\"0\" R3=\"0\" "
    "R4=\"1\"/>"
    "</Cnt><Cnt Id=\"ZIV3\" ErrCat=\"3\" ErrCode=\"2\"/></Cnc></Report>";

TEST(Stg, MagnitudesQualityAndErrorsAreKept) {
  const auto report = parse_report(as_bytes(kSmall));
  ASSERT_TRUE(report.ok()) << to_string(report.error());
  ASSERT_EQ(report->subjects.size(), 2u);
  const wire::Report& meter = report->subjects[0].report;
  ASSERT_EQ(meter.readings.size(), 5u);
  EXPECT_EQ(std::get<Decimal>(meter.readings[0].value), (Decimal{12, 3}));
  EXPECT_EQ(meter.readings[0].note, "quality 80");
  EXPECT_EQ(to_string(meter.readings[0].time), "2026-10-25T03:00:00");
  EXPECT_FALSE(meter.readings[0].time.daylight_saving);
  EXPECT_EQ(report->subjects[0].attributes.at(0), (std::pair<std::string, std::string>("R1", "x")));
  EXPECT_EQ(report->subjects[1].attributes.at(1).second, "2");
  EXPECT_FALSE(parse_time("20261325030000000W"));
  EXPECT_FALSE(parse_time("07E5060102000000FF800080"));
}

TEST(Stg, CutAnywhereItIsRefused) {
  const std::string_view whole = kSmall;
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    const auto report = parse_report(as_bytes(whole.substr(0, cut)));
    ASSERT_FALSE(report.ok()) << cut;
    EXPECT_LE(report.error().offset, cut);
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_FALSE(parse_report(as_bytes("<Report IdRpt=\"S23\"><Cnc><Cnt><S23>" + deep)).ok());
  EXPECT_EQ(encode_order("B03").error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace amity::stg
