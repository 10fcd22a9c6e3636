// How many captured telegrams beside the project find a model, and what of them goes to channels.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "driver/embedded_models.h"
#include "driver/mapping.h"
#include "wire/decode/decode.h"
#include "wire/mbus/decoder.h"
#include "wire/mbus/expected_test_support.h"
#include "wire/p1/decoder.h"
#include "wire/sml/decoder.h"

namespace amity::driver {
namespace {

const std::string kFrames = AMITY_SOURCE_DIR "/../shared/data/frames/";

struct Tally {
  std::size_t frames = 0, known = 0, with_channels = 0;
  std::map<std::string, int> without_model;

  void count(const ModelSet& set, wire::Report& report, const std::string& name) {
    ++frames;
    const MeterModel* model = set.find(report);
    if (model == nullptr) {
      ++without_model[name + " (" + report.meter.manufacturer + " " + report.meter.version + " " +
                      report.meter.medium + ")"];
      return;
    }
    ++known;
    complete(*model, report);
    const Mapped mapped = map_to_channels(model, report);
    with_channels += !mapped.readings.empty();
    if (mapped.readings.empty())
      std::cout << "nothing of " << name << " for " << model->name << "\n";
  }
  void print(const char* what) const {
    std::cout << what << ": " << frames << " frames, " << known << " of a known model, "
              << with_channels << " with values for its channels\n";
    for (const auto& [name, times] : without_model)
      std::cout << "  no model: " << name << " x" << times << "\n";
  }
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ModelCaptures, WirelessTelegramsFindModels) {
  std::ifstream file(kFrames + "wmbus/telegrams.jsonl");
  if (!file) GTEST_SKIP() << "no captured frames at " << kFrames << "wmbus";
  const auto set = load_models();
  ASSERT_TRUE(set.ok()) << to_string(set.error());
  Tally tally;
  mbus::Decoder decoder;
  for (std::string line; std::getline(file, line);) {
    rapidjson::Document entry;
    ASSERT_FALSE(entry.Parse(line.c_str()).HasParseError()) << line;
    mbus::KeyStore keys;
    if (entry["key"].IsString()) {
      const auto key = from_hex(entry["key"].GetString());
      if (key.ok()) {
        ASSERT_TRUE(keys.add_for_any(*key).ok());
      }
    }
    for (const auto& telegram : entry["telegrams"].GetArray()) {
      const auto bytes = from_hex(telegram.GetString());
      if (!bytes.ok()) continue;
      wire::Report report;
      (void)decoder.decode(*bytes, keys, report);  // what could be read counts
      tally.count(*set, report, entry["driver"].GetString());
    }
  }
  tally.print("wireless M-Bus");
  EXPECT_GE(tally.with_channels * 100, tally.frames * 70);
}

// Why fields of a driver's telegrams are not among the readings; whether the telegram says them at
// all: what the other decoder added, or read against the standard, is no reading of the meter.
struct Missed {
  bool said = true;
  std::string why;
};
const std::map<std::string, Missed> kMissedBecause = {
    {"actislink", {true, "mode 2 (DES) without a key beside it"}},
    {"apator172", {true, "a manufacturer's layout of which nothing is known"}},
    {"c5isf", {false, "a sum of the other decoder's"}},
    {"ebzwmbe", {false, "the sum of three phases, made by the other decoder"}},
    {"emerlin868", {false, "80000000: the meter says that there is no value"}},
    {"gwfwater", {false, "days of battery rounded to years; FFFFFFFF is no value"}},
    {"hydrodigit", {true, "the battery's byte is not understood; FFFFFF is no value"}},
    {"kamwater", {true, "a compact frame whose format was never sent"}},
    {"qheat", {false, "MJ by the block's own VIF; the other decoder takes them for kWh"}},
    {"qheatv2", {false, "8000: the block says that there is no value"}},
    {"qwaterv2", {false, "hours by its VIFE 56; the other decoder takes them for a flow"}}};

struct Share {
  int found = 0, wanted = 0;
  std::map<std::string, std::vector<std::string>> missed;  // by driver
  double percent() const { return 100.0 * found / wanted; }
};

void count_fields(const rapidjson::Value& entry, const wire::Report& report, Share& share) {
  for (const auto& member : entry["expect"].GetObject()) {
    if (!member.value.IsNumber()) continue;
    ++share.wanted;
    const bool found =
        mbus::testing::has_number(report, member.name.GetString(), member.value.GetDouble());
    share.found += found;
    if (!found) share.missed[entry["driver"].GetString()].push_back(member.name.GetString());
  }
}

// The share of the numbers that another decoder gave, without and with the models of meters/.
TEST(ModelCaptures, NumbersOfWirelessTelegramsAreAmongTheReadings) {
  std::ifstream file(kFrames + "wmbus/telegrams.jsonl");
  if (!file) GTEST_SKIP() << "no captured frames at " << kFrames << "wmbus";
  const auto set = load_models();
  ASSERT_TRUE(set.ok()) << to_string(set.error());
  Share generic, modelled;
  for (std::string line; std::getline(file, line);) {
    rapidjson::Document entry;
    ASSERT_FALSE(entry.Parse(line.c_str()).HasParseError()) << line;
    mbus::KeyStore keys;
    if (entry["key"].IsString()) {
      ASSERT_TRUE(keys.add_for_any(*from_hex(entry["key"].GetString())).ok());
    }
    mbus::Decoder decoder;
    wire::Report without, with;
    for (const auto& telegram : entry["telegrams"].GetArray()) {
      wire::Report report;
      (void)decoder.decode(*from_hex(telegram.GetString()), keys, report);
      without.readings.insert(without.readings.end(), report.readings.begin(),
                              report.readings.end());
      if (const MeterModel* model = set->find(report)) complete(*model, report);
      with.readings.insert(with.readings.end(), report.readings.begin(), report.readings.end());
    }
    count_fields(entry, without, generic);
    count_fields(entry, with, modelled);
  }
  std::printf("numbers found: %d of %d without models (%.1f %%), %d with models (%.1f %%)\n",
              generic.found, generic.wanted, generic.percent(), modelled.found, modelled.percent());
  int not_said = 0;
  for (const auto& [driver, fields] : modelled.missed) {
    const auto why = kMissedBecause.find(driver);
    EXPECT_NE(why, kMissedBecause.end()) << driver << " is missed and nothing says why";
    std::printf("  %s: %zu missed (%s ...): %s\n", driver.c_str(), fields.size(), fields[0].c_str(),
                why == kMissedBecause.end() ? "?" : why->second.why.c_str());
    if (why != kMissedBecause.end() && !why->second.said)
      not_said += static_cast<int>(fields.size());
  }
  const int said = modelled.wanted - not_said;
  std::printf("of the %d that the telegrams say: %.1f %%\n", said, 100.0 * modelled.found / said);
  EXPECT_EQ(modelled.wanted, 1'089);
  EXPECT_GE(generic.found, 974);
  EXPECT_GE(modelled.found, 1'046);
  EXPECT_LE(not_said, 29);
  EXPECT_GE(modelled.found * 100, said * 98);
}

TEST(ModelCaptures, SmlFilesFindModels) {
  if (!std::filesystem::exists(kFrames + "sml"))
    GTEST_SKIP() << "no captured frames at " << kFrames;
  const auto set = load_models();
  ASSERT_TRUE(set.ok()) << to_string(set.error());
  Tally tally;
  for (const auto& entry : std::filesystem::directory_iterator(kFrames + "sml")) {
    const std::string recording = read_file(entry.path());
    const ByteView bytes = as_bytes(recording);
    wire::Report report;
    std::size_t at = 0;
    while (const auto span = sml::find_frame(bytes, at)) {
      at = span->offset + span->size;
      const Status decoded = sml::Decoder().decode(bytes.subspan(span->offset, span->size), report);
      if (decoded.ok() && !report.readings.empty()) break;
    }
    tally.count(*set, report, entry.path().filename().string());
  }
  tally.print("SML");
  EXPECT_EQ(tally.with_channels, tally.frames);
}

TEST(ModelCaptures, P1TelegramsFindModels) {
  if (!std::filesystem::exists(kFrames + "p1")) GTEST_SKIP() << "no captured frames at " << kFrames;
  const auto set = load_models();
  ASSERT_TRUE(set.ok()) << to_string(set.error());
  Tally tally;
  for (const auto& entry : std::filesystem::directory_iterator(kFrames + "p1")) {
    wire::Report report;
    const std::string telegram = read_file(entry.path());
    (void)p1::Decoder().decode(as_bytes(telegram), report);
    tally.count(*set, report, entry.path().filename().string());
  }
  tally.print("P1");
  EXPECT_EQ(tally.with_channels, tally.frames);
}

TEST(ModelCaptures, WiredFramesFindModels) {
  const std::string folder = kFrames + "mbus/test-frames";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no captured frames at " << folder;
  const auto set = load_models();
  ASSERT_TRUE(set.ok()) << to_string(set.error());
  Tally tally;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".hex") continue;
    std::string hex = read_file(entry.path());
    std::erase_if(hex, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
    const auto bytes = from_hex(hex);
    if (!bytes.ok()) continue;
    wire::Report report;
    (void)mbus::decode(*bytes, {}, report);
    tally.count(*set, report, entry.path().stem().string());
  }
  tally.print("wired M-Bus");
  EXPECT_GE(tally.with_channels * 100, tally.frames * 90);
}

decode::DecodeOptions push_options(const ModelSet& set, const std::filesystem::path& capture) {
  decode::DecodeOptions options;
  options.value_lists = &set.value_lists();
  options.complete = [&set](wire::Report& report) {
    if (const MeterModel* model = set.find(report)) complete(*model, report);
  };
  for (const char* extension : {".key", ".gak"}) {
    std::filesystem::path path = capture;
    const std::string text = read_file(path.replace_extension(extension));
    if (text.empty()) continue;
    auto key = decode::bytes_from_hex_text(text);
    EXPECT_TRUE(key.ok()) << path;
    (std::string(extension) == ".key" ? options.keys.encryption : options.keys.authentication)
        .push_back(*key);
  }
  return options;
}

struct PushCapture {
  const char* file;
  const char *meter, *manufacturer, *model, *time;
  std::vector<std::string> readings;  // "obis value unit"
};

// What an operator would check: identity, time and every figure that the meter showed.
const PushCapture kPushes[] = {
    {"hdlc_iskra550",
     "84895126",
     "",
     "",
     "2023-04-01T19:32:35Z",
     {"1.0.1.7.0.255 182 W", "1.0.2.7.0.255 0 W", "1.0.1.8.0.255 261927 Wh",
      "1.0.2.8.0.255 63832 Wh", "1.0.32.7.0.255 236.4 V", "1.0.52.7.0.255 234.4 V",
      "1.0.72.7.0.255 237.0 V", "1.0.31.7.0.255 0.63 A", "1.0.51.7.0.255 0.89 A",
      "1.0.71.7.0.255 0.68 A", "1.0.1.8.1.255 82426 Wh", "1.0.1.8.2.255 179501 Wh",
      "1.0.2.8.1.255 50647 Wh", "1.0.2.8.2.255 13185 Wh"}},
    {"hdlc_kaifa_ma304h3e",
     "6970631401753985",
     "KFM",
     "MA304",
     "2017-09-15T05:33:40",
     {"1.0.1.7.0.255 948 W", "1.0.2.7.0.255 0 W", "1.0.3.7.0.255 0 var", "1.0.4.7.0.255 64 var",
      "1.0.31.7.0.255 1.416 A", "1.0.51.7.0.255 3.241 A", "1.0.71.7.0.255 3.119 A",
      "1.0.32.7.0.255 238.5 V", "1.0.52.7.0.255 0.0 V", "1.0.72.7.0.255 238.9 V"}},
    {"hdlc_kamstrup_omnipower",
     "12343400",
     "KAM",
     "OMNIPOWER",
     "2026-03-12T15:24:30",
     {"1.1.1.8.0.255 63074980 Wh", "1.1.1.7.0.255 1083 W", "1.1.51.7.0.255 2.28 A",
      "1.1.33.7.0.255 0.31 ", "1.1.32.7.0.255 222 V", "1.1.3.8.0.255 3263600 varh"}},
    {"hdlc_norway_han_1phase",
     "7359992890941742",
     "ADN",
     "6515",
     "",
     {"1.0.1.7.0.255 1362 W", "1.0.2.7.0.255 0 W", "1.0.3.7.0.255 996 var", "1.0.4.7.0.255 0 var",
      "1.0.31.7.0.255 9.3 A", "1.0.32.7.0.255 250.0 V"}},
    {"mbus_netz_noe_p1",
     "181220000009",
     "KFM",
     "MA309",
     "2021-09-27T07:47:15Z",
     {"1.0.1.8.0.255 12937 Wh", "1.0.2.8.0.255 0 Wh", "1.0.1.7.0.255 0 W", "1.0.2.7.0.255 0 W",
      "1.0.32.7.0.255 233.7 V", "1.0.13.7.0.255 1.000 "}},
    {"raw_energomera", "012415173608710", "EMR", "", "2022-11-03T12:38:25Z", {}},
    {"raw_salzburg_netz",
     "1KFM0200234804",
     "KFM",
     "MA309",
     "2022-11-12T15:54:00Z",
     {"1.0.32.7.0.255 229.2 V", "1.0.31.7.0.255 1.65 A", "1.0.51.7.0.255 1.73 A",
      "1.0.71.7.0.255 0.37 A", "1.0.1.7.0.255 714 W", "1.0.2.7.0.255 0 W",
      "1.0.1.8.0.255 1327456 Wh", "1.0.2.8.0.255 0 Wh", "1.0.3.8.0.255 4818 varh",
      "1.0.4.8.0.255 376416 varh"}},
};

TEST(ModelCaptures, DlmsPushesOfSevenMakesShowWhatTheMeterShowed) {
  const std::filesystem::path folder = kFrames + "dlms_push";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no captured frames at " << folder;
  const auto set = load_models();
  ASSERT_TRUE(set.ok()) << to_string(set.error());
  for (const PushCapture& c : kPushes) {
    const auto capture = folder / (std::string(c.file) + ".log");
    const auto bytes = decode::bytes_from_hex_text(read_file(capture));
    ASSERT_TRUE(bytes.ok()) << c.file;
    const auto json = decode::decode_frame(*bytes, push_options(*set, capture));
    ASSERT_TRUE(json.ok()) << c.file << ": " << to_string(json.error());
    rapidjson::Document document;
    document.Parse<rapidjson::kParseNumbersAsStringsFlag>(json->c_str());
    ASSERT_FALSE(document.HasParseError()) << *json;
    EXPECT_STREQ(document["meter"]["id"].GetString(), c.meter) << *json;
    EXPECT_STREQ(document["meter"]["manufacturer"].GetString(), c.manufacturer) << c.file;
    EXPECT_STREQ(document["meter"]["model"].GetString(), c.model) << c.file;
    EXPECT_EQ(document.HasMember("time") ? document["time"].GetString() : std::string(), c.time)
        << c.file;
    std::string shown = "\n";
    for (const auto& r : document["readings"].GetArray()) {
      shown += std::string(r["obis"].GetString()) + " " + r["value"].GetString() + " " +
               r["unit"].GetString() + "\n";
    }
    for (const std::string& wanted : c.readings)
      EXPECT_NE(shown.find("\n" + wanted + "\n"), std::string::npos)
          << c.file << ": " << wanted << *json;
  }
}

}  // namespace
}  // namespace amity::driver
