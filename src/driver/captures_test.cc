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
#include "wire/mbus/decoder.h"
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

}  // namespace
}  // namespace amity::driver
