// Every file of meters/: its frames, decoded by what reads them in service, must find this model
// and give what the file says.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "driver/embedded_models.h"
#include "driver/mapping.h"
#include "driver/register_map.h"
#include "wire/c12/meter_tables.h"
#include "wire/decode/dlms_conversation.h"
#include "wire/decode/protocol.h"
#include "wire/iec62056_21/message.h"
#include "wire/iec62056_21/readout.h"
#include "wire/mbus/decoder.h"
#include "wire/p1/decoder.h"
#include "wire/sml/decoder.h"

namespace amity::driver {
namespace {

constexpr std::size_t kModelsShipped = 129;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The identification's line, then the data block without the characters around it.
Status decode_readout(std::string_view text, wire::Report& report) {
  const std::size_t line = text.find('\n') + 1;
  AMITY_TRY(const auto identification,
            iec62056_21::parse_identification(as_bytes(text.substr(0, line))));
  iec62056_21::note_identification(identification, report);
  return iec62056_21::read_data(text.substr(line), report);
}

Status decode_push(const ModelSet& set, const TestFrame& frame, wire::Report& report) {
  decode::Keys keys;
  if (!frame.key.empty()) keys.encryption.push_back(frame.key);
  if (!frame.authentication_key.empty()) keys.authentication.push_back(frame.authentication_key);
  return decode::read_dlms(frame.frame, keys, {.lists = &set.value_lists()}, report);
}

Status decode(const ModelSet& set, std::string_view protocol, const TestFrame& frame,
              wire::Report& report) {
  if (protocol == "dlms") return decode_push(set, frame, report);
  if (protocol == "sml") return sml::Decoder().decode(frame.frame, report);
  if (protocol == "p1") {
    std::vector<p1::SmartyKey> keys;
    if (!frame.key.empty()) keys.push_back({frame.key, {}});
    return p1::Decoder(std::move(keys)).decode(frame.frame, report);
  }
  if (protocol == "iec62056-21") return decode_readout(as_text(frame.frame), report);
  if (protocol != "wmbus" && protocol != "mbus")
    return make_error(ErrorCode::kUnsupported, "no decoder for " + std::string(protocol));
  mbus::KeyStore keys;
  if (!frame.key.empty()) AMITY_CHECK(keys.add_for_any(frame.key));
  return mbus::decode(frame.frame, keys, report);
}

// A request and its answer, both as on an RTU line: such a frame does not say who sent it.
Status decode_registers(const MeterModel& model, const TestFrame& frame, wire::Report& report) {
  using namespace modbus;
  AMITY_TRY(const RegisterMap map, register_map_of(model));
  AMITY_TRY(const auto asked, find_frame(Transport::kRtu, Sender::kClient, frame.request));
  AMITY_TRY(const auto given, find_frame(Transport::kRtu, Sender::kServer, frame.frame));
  if (!asked || !given) return make_error(ErrorCode::kTruncated, "not a whole frame");
  AMITY_TRY(const Request request, decode_request(asked->frame.pdu));
  AMITY_TRY(const Response response, decode_response(given->frame.pdu));
  AMITY_CHECK(check_response(request, response));
  RegisterImage image;
  image.put(request, response.values);
  report.protocol = "modbus";
  report.meter.manufacturer = model.manufacturer;
  report.meter.model = model.name;
  append_readings(map, image, report);
  return {};
}

// Tables in the order in which they are read.
Status decode_tables(const TestFrame& frame, wire::Report& report) {
  c12::MeterTables meter;
  report.protocol = "c1222";
  for (const auto& [table, bytes] : frame.tables) meter.add(table, bytes, 0, true, report);
  return {};
}

std::string text_of(const MappedReading& r) {
  std::string text = r.channel + " " + to_string(Decimal{r.value, r.exponent});
  for (const std::string& word : {std::string(symbol(r.unit)), to_string(r.time)})
    if (!word.empty()) text += " " + word;
  return text;
}

std::string expected_of(const TestFrame& frame, const MeterModel& model) {
  std::string text = "model " + model.name + "\nmeter " + frame.meter_id + "\n";
  for (const std::string& channel : frame.channels) text += channel + "\n";
  for (const std::string& event : frame.events) text += "event: " + event + "\n";
  return text;
}

// A model that is known by several protocols may have frames of each: the one that a frame looks
// like.
std::string protocol_of(const MeterModel& model, const TestFrame& frame) {
  const auto recognised = decode::to_string(decode::recognise(frame.frame));
  for (const Detection& d : model.detections) {
    if (d.protocol == recognised) return d.protocol;
  }
  return model.detections.at(0).protocol;
}

std::string given_by(const ModelSet& set, const MeterModel& model, const TestFrame& frame) {
  wire::Report report;
  const Status decoded = !frame.tables.empty() ? decode_tables(frame, report)
                         : model.registers.empty()
                             ? decode(set, protocol_of(model, frame), frame, report)
                             : decode_registers(model, frame, report);
  if (!decoded.ok()) return "not decoded: " + to_string(decoded.error());
  if (!report.security.ok) return "not opened: " + report.security.reason;
  const MeterModel* found = set.find(report);
  if (found == nullptr) {
    return "no model for " + report.meter.manufacturer + " " + report.meter.version + " " +
           report.meter.medium + " " + report.meter.model;
  }
  complete(*found, report);
  const Mapped mapped = map_to_channels(found, report);
  std::string text = "model " + report.meter.model + "\nmeter " + report.meter.id + "\n";
  for (const MappedReading& reading : mapped.readings) text += text_of(reading) + "\n";
  for (const MappedEvent& event : mapped.events) text += "event: " + event.text + "\n";
  return text;
}

TEST(Meters, EveryFileReadsItsFrames) {
  ModelSet set;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(AMITY_SOURCE_DIR "/meters")) {
    if (entry.path().extension() == ".toml") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    auto model = parse_model(read_file(path), path.filename().string());
    ASSERT_TRUE(model.ok()) << to_string(model.error());
    EXPECT_FALSE(model->frames.empty()) << model->file << " has no frame";
    const Status added = set.add(std::move(*model));
    ASSERT_TRUE(added.ok()) << to_string(added.error());
  }
  EXPECT_GE(set.size(), kModelsShipped);
  for (const MeterModel& model : set.models()) {
    for (const TestFrame& frame : model.frames) {
      EXPECT_EQ(given_by(set, model, frame), expected_of(frame, model))
          << model.file << ", frame \"" << frame.name << "\"";
    }
  }
}

TEST(Meters, NoTwoModelsHaveOneName) {
  const auto set = load_models();
  ASSERT_TRUE(set.ok()) << to_string(set.error());
  std::vector<std::string> names;
  for (const MeterModel& model : set->models()) {
    names.push_back(model.manufacturer + " " + model.name);
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  EXPECT_TRUE(twice == names.end()) << *twice;
}

TEST(Meters, TheEmbeddedModelsAreTheFiles) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(AMITY_SOURCE_DIR "/meters"))
    files += entry.path().extension() == ".toml";
  EXPECT_EQ(embedded_models().size(), files);
  for (const ModelText& model : embedded_models()) {
    EXPECT_EQ(model.toml,
              read_file(std::string(AMITY_SOURCE_DIR "/meters/") + std::string(model.file)));
  }
}

TEST(Meters, AFileOfTheUtilitysOwnTakesThePlaceOfAShippedOne) {
  ASSERT_FALSE(embedded_models().empty());
  const ModelText& shipped = embedded_models().front();
  const auto original = parse_model(shipped.toml, shipped.file);
  ASSERT_TRUE(original.ok());
  std::string changed(shipped.toml);
  const std::size_t at = changed.find(original->name);
  changed.replace(at, original->name.size(), "Corrected");
  const ModelText others[] = {{shipped.file, changed}};
  const auto set = load_models(others);
  ASSERT_TRUE(set.ok()) << to_string(set.error());
  EXPECT_EQ(set->size(), embedded_models().size());
  EXPECT_EQ(set->models().back().name, "Corrected");
  const ModelText conflicting[] = {{"my-own.toml", changed}};
  EXPECT_FALSE(load_models(conflicting).ok()) << "two files claim the same meters";
}

}  // namespace
}  // namespace amity::driver
