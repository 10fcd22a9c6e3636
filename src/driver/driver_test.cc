#include <gtest/gtest.h>

#include "driver/mapping.h"
#include "driver/model_set.h"

namespace amity::driver {
namespace {

constexpr std::string_view kWaterMeter = R"(
name = "Example 21"
manufacturer = "Example Meters"
medium = "water"
facts = "made up for this test"

[[detect]]
protocol = "wmbus"
manufacturer = "EXA"
versions = ["27"]
mediums = ["water"]

[[channel]]
name = "volume"
quantity = "volume"
storage = 0
unit = "m3"
exponent = -3

[[channel]]
name = "volume_due"
quantity = "volume"
storage = 1
unit = "m3"
exponent = -3

[[channel]]
name = "flow_temperature"
quantity = "flow temperature"
unit = "degC"
exponent = -1

[[status]]
mask = 0x04
text = "battery low"
severity = "medium"

[[status]]
mask = 0x30
value = 0x10
text = "pipe empty"
category = "quality"
severity = "high"

[[field]]
block = "manufacturer"
block_bytes = 4
offset = 1
size = 2
type = "signed-le"
exponent = -1
quantity = "flow temperature"
unit = "degC"
)";

wire::Report frame() {
  wire::Report report;
  report.protocol = "wmbus";
  report.meter = {"12345678", "EXA", "water", "", "27"};
  wire::Reading volume;
  volume.quantity = "volume";
  volume.unit = "m3";
  volume.value = Decimal{1234, -2};
  report.readings.push_back(volume);
  volume.storage = 1;
  volume.value = 11.5;
  volume.time.year = 2026;
  volume.time.month = 10;
  volume.time.day = 31;
  volume.time.precision = wire::MeterTime::Precision::kDay;
  report.readings.push_back(volume);
  volume.storage = 2;
  report.readings.push_back(volume);
  report.unknown.push_back({20, "manufacturer", "01F6FF09"});
  report.status = 0x14;
  return report;
}

std::string text_of(const Mapped& mapped) {
  std::string text;
  for (const MappedReading& r : mapped.readings) {
    text += r.channel + " " + to_string(Decimal{r.value, r.exponent}) + " " +
            std::string(symbol(r.unit));
    const std::string time = to_string(r.time);
    text += time.empty() ? "\n" : " " + time + "\n";
  }
  for (const MappedEvent& e : mapped.events) {
    text += "event: " + e.text + " (" + std::string(to_string(e.category)) + ", " +
            std::string(to_string(e.severity)) + ")\n";
  }
  for (const std::string& left : mapped.left) text += "left: " + left + "\n";
  return text;
}

TEST(Driver, AModelMapsItsFrame) {
  auto model = parse_model(kWaterMeter, "example.toml");
  ASSERT_TRUE(model.ok()) << to_string(model.error());
  ModelSet set;
  ASSERT_TRUE(set.add(std::move(*model)).ok());
  wire::Report report = frame();
  const MeterModel* found = set.find(report);
  ASSERT_NE(found, nullptr);
  complete(*found, report);
  EXPECT_EQ(report.meter.model, "Example 21");
  EXPECT_EQ(text_of(map_to_channels(found, report)),
            "volume 12.340 m3\n"
            "volume_due 11.500 m3 2026-10-31\n"
            "flow_temperature -1.0 degC\n"
            "event: battery low (device, medium)\n"
            "event: pipe empty (quality, high)\n"
            "left: volume, storage 2: no channel of Example 21\n");
}

TEST(Driver, RulesTellReadingsByTheirNotesAndUnits) {
  const auto model = parse_model(R"(
name = "Example heat"
manufacturer = "Example Meters"
medium = "heat"
facts = "made up for this test"

[[detect]]
protocol = "wmbus"
manufacturer = "EXA"

[[channel]]
name = "volume"
quantity = "volume"
note = ""
unit = "m3"
exponent = -3

[[channel]]
name = "gas_volume"
quantity = "volume"
note_prefix = "gas meter"
unit = "m3"
exponent = -3

[[channel]]
name = "energy"
quantity = "energy"
unit = "Wh"

[[channel]]
name = "energy"
quantity = "energy"
unit = "J"
)",
                                 "heat.toml");
  ASSERT_TRUE(model.ok()) << to_string(model.error());
  wire::Report report;
  const auto add = [&](std::string_view quantity, std::string_view unit, std::string note) {
    wire::Reading& reading = report.readings.emplace_back();
    reading.quantity = quantity;
    reading.unit = unit;
    reading.value = Decimal{7, 0};
    reading.note = std::move(note);
  };
  add("volume", "m3", "");
  add("volume", "m3", "backward");
  add("volume", "m3", "gas meter 0815");
  add("energy", "J", "");
  add("energy", "cal", "");
  EXPECT_EQ(text_of(map_to_channels(&*model, report)),
            "volume 7.000 m3\n"
            "gas_volume 7.000 m3\n"
            "energy 7 J\n"
            "left: volume: no channel of Example heat\n"
            "left: energy: its unit is \"cal\", the channel energy is in \"Wh\"\n");
}

TEST(Driver, StatusWordsMayStandInReadingsAndReplaceTheProtocolsWords) {
  std::string text(kWaterMeter);
  text += R"(
[[status]]
reading = "02FF20"
mask = 0x02
text = "reverse flow"
category = "tamper"
severity = "high"
)";
  const auto model = parse_model(text, "example.toml");
  ASSERT_TRUE(model.ok()) << to_string(model.error());
  wire::Report report;
  report.status = 0x0C;
  report.events.push_back({0x04, "power low", {}, "status"});
  report.events.push_back({0x08, "permanent error", {}, "status"});
  report.events.push_back({0x04, "power failure of 4 s", {}, "log"});
  wire::Reading& word = report.readings.emplace_back();
  word.id = "02FF20";
  word.value = Decimal{0x03, 0};
  EXPECT_EQ(text_of(map_to_channels(&*model, report)),
            "event: permanent error (device, low)\n"
            "event: power failure of 4 s (device, low)\n"
            "event: battery low (device, medium)\n"
            "event: reverse flow (tamper, high)\n"
            "left: unnamed value (02FF20): no channel of Example 21\n");
  word.value = Decimal{0x05, 0};
  report.status.reset();
  report.events.clear();
  EXPECT_TRUE(map_to_channels(&*model, report).events.empty());
}

constexpr std::string_view kTableMeter = R"(
name = "Example C12.19"
manufacturer = "Example Meters"
medium = "electricity"
facts = "made up for this test"

[[detect]]
protocol = "c1222"
manufacturer = "ACME"

[[table]]
table = "MT5"
offset = 4
size = 4
type = "unsigned-be"
exponent = 1
quantity = "active energy import"
unit = "Wh"
kind = "total"
tariff = 2

[[channel]]
name = "active_energy_import_t2"
quantity = "active energy import"
tariff = 2
unit = "Wh"

[[frame]]
name = "tables"
tables = ["ST1 41434D45", "MT5 000000000000007B"]
meter_id = "1"
channels = ["active_energy_import_t2 1230 Wh"]
)";

TEST(Driver, NumbersInsideManufacturersTablesAreReadAlsoOfAPartOfTheTable) {
  const auto model = parse_model(kTableMeter, "example.toml");
  ASSERT_TRUE(model.ok()) << to_string(model.error());
  ASSERT_EQ(model->frames.at(0).tables.size(), 2u);
  EXPECT_EQ(model->frames[0].tables[1].first, 2053u);
  for (const auto& [id, hex, left] :
       {std::tuple{"MT5+0", "000000000000007B", "active_energy_import_t2 1230 Wh\n"},
        std::tuple{"MT5+4", "0000007B", "active_energy_import_t2 1230 Wh\n"},
        std::tuple{"MT5+2", "00000000", ""}, std::tuple{"MT5+6", "007B", ""},
        std::tuple{"MT50+0", "000000000000007B", ""}, std::tuple{"MT5", "000000000000007B", ""}}) {
    wire::Report report;
    report.unknown.push_back({0, id, hex});
    complete(*model, report);
    EXPECT_EQ(text_of(map_to_channels(&*model, report)), left) << id;
  }
}

TEST(Driver, ARecordMayMeanWhatTheManufacturerSays) {
  const std::string text = std::string(kWaterMeter) + R"(
[[reading]]
id = "01FD74"
quantity = "battery charge"
unit = "%"
divisor = 86400

[[channel]]
name = "battery"
quantity = "battery charge"
unit = "%"
)";
  const auto model = parse_model(text, "example.toml");
  ASSERT_TRUE(model.ok()) << to_string(model.error());
  wire::Report report;
  wire::Reading& life = report.readings.emplace_back();
  life.quantity = "remaining battery life";
  life.unit = "s";
  life.id = "01FD74";
  life.value = Decimal{97 * 86'400, 0};
  wire::Reading other = life;
  other.value = Decimal{86'401, 0};  // no whole number of days: it is left as it was read
  report.readings.push_back(other);
  complete(*model, report);
  EXPECT_EQ(text_of(map_to_channels(&*model, report)),
            "battery 97 %\n"
            "left: remaining battery life (01FD74): no channel of Example 21\n");
}

TEST(Driver, AModelsListsOfValuesAreChecked) {
  const std::string head =
      "name = \"M\"\nmanufacturer = \"E\"\nmedium = \"electricity\"\nfacts = \"f\"\n"
      "[[detect]]\nprotocol = \"dlms\"\nmanufacturer = \"EXA\"\n"
      "[[channel]]\nname = \"c\"\nquantity = \"current L1\"\nunit = \"A\"\n"
      "[[list]]\nmanufacturer = \"EXA\"\nid = \"EXA_1\"\n";
  auto good = parse_model(
      head + "items = 3\ncolumns = [\"1.0.31.7.0.255 A -3\", \"1.0.13.7.0.255 - -2\"]\n",
      "example.toml");
  ASSERT_TRUE(good.ok()) << to_string(good.error());
  ASSERT_EQ(good->lists.size(), 1u);
  EXPECT_EQ(good->lists[0].columns[0].scaler, -3);
  EXPECT_EQ(good->lists[0].columns[1].unit, Unit::kNone);
  ModelSet set;
  ASSERT_TRUE(set.add(*good).ok());
  EXPECT_NE(set.value_lists().positional("EXA_1", 3), nullptr);
  EXPECT_EQ(set.value_lists().positional("EXA_1", 4), nullptr);
  auto short_list =
      parse_model(head + "items = 3\ncolumns = [\"1.0.31.7.0.255 A -3\"]\n", "short.toml");
  ASSERT_TRUE(short_list.ok());
  EXPECT_FALSE(ModelSet().add(*short_list).ok()) << "an item without a column";
  for (const char* column : {"31.7.0 A", "1.0.31.7.0.255 parsec", "1.0.31.7.0.255 A x",
                             "1.0.31.7.0.255 A 40", "1.0.31.7.0.255 A 1 2", ""}) {
    EXPECT_FALSE(parse_model(head + "columns = [\"" + column + "\"]\n", "bad.toml").ok()) << column;
  }
  EXPECT_FALSE(parse_model(head + "tail = \"serial\"\n", "bad.toml").ok());
}

TEST(Driver, FramesOfTextHaveTheLineEndsOfMeters) {
  std::string text(kWaterMeter);
  text +=
      "[[frame]]\nname = \"f\"\ntext = \"\"\"\n/A\n!\n\"\"\"\nmeter_id = \"\"\nchannels = "
      "[\"v\"]\n";
  const auto model = parse_model(text, "example.toml");
  ASSERT_TRUE(model.ok()) << to_string(model.error());
  EXPECT_EQ(as_text(model->frames.at(0).frame), "/A\r\n!\r\n");
}

TEST(Driver, AMeterWithoutAModelIsReadGenerically) {
  wire::Report report = frame();
  report.meter.version = "28";
  report.readings[2].quantity = "";
  EXPECT_EQ(ModelSet().find(report), nullptr);
  EXPECT_EQ(text_of(map_to_channels(nullptr, report)),
            "volume 12.34 m3\n"
            "volume_s1 11.500000 m3 2026-10-31\n"
            "left: unnamed value, storage 2: no channel\n");
}

TEST(Driver, AValueWithoutItsScalerGoesOnlyWhereAModelAsksForIt) {
  wire::Report report;
  report.protocol = "dlms";
  wire::Reading current;
  current.quantity = "current L1";
  current.unit = "A";
  current.value = Decimal{106, 0};
  current.note = wire::kScalerNotSent;
  report.readings.push_back(current);
  EXPECT_EQ(text_of(map_to_channels(nullptr, report)), "left: current L1: no channel\n");
  auto model = parse_model(
      "name = \"M\"\nmanufacturer = \"E\"\nmedium = \"electricity\"\nfacts = \"f\"\n"
      "[[detect]]\nprotocol = \"dlms\"\nmanufacturer = \"EXA\"\n"
      "[[channel]]\nname = \"current_l1\"\nquantity = \"current L1\"\nunit = \"A\"\n",
      "example.toml");
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(text_of(map_to_channels(&*model, report)), "current_l1 106 A\n");
}

TEST(Driver, AValueThatWouldLoseDigitsIsLeft) {
  auto model = parse_model(kWaterMeter, "example.toml");
  wire::Report report = frame();
  report.readings.resize(2);
  report.readings[0].value = Decimal{12345678, -5};
  report.readings[1].unit = "l";
  const std::string text = text_of(map_to_channels(&*model, report));
  EXPECT_NE(text.find("left: volume: "), std::string::npos) << text;
  EXPECT_NE(
      text.find("left: volume, storage 1: its unit is \"l\", the channel volume_due is in \"m3\""),
      std::string::npos)
      << text;
}

TEST(Driver, TheMoreSpecificDetectionWins) {
  const auto model = [](std::string name, std::string detection) {
    auto made = parse_model(
        "name=\"" + name + "\"\nmanufacturer=\"E\"\nmedium=\"water\"\nfacts=\"f\"\n[[detect]]\n" +
            "protocol=\"wmbus\"\nmanufacturer=\"EXA\"\n" + detection +
            "\n[[channel]]\nname=\"v\"\nquantity=\"volume\"\nunit=\"m3\"",
        name + ".toml");
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    return std::move(*made);
  };
  ModelSet set;
  ASSERT_TRUE(set.add(model("family", "")).ok());
  ASSERT_TRUE(set.add(model("medium", "mediums=[\"water\"]")).ok());
  ASSERT_TRUE(set.add(model("version", "versions=[\"27\",\"28\"]")).ok());
  EXPECT_EQ(set.find(frame())->name, "version");
  wire::Report other = frame();
  other.meter.version = "1";
  EXPECT_EQ(set.find(other)->name, "medium");
  other.meter.medium = "gas";
  EXPECT_EQ(set.find(other)->name, "family");
  other.meter.manufacturer = "XYZ";
  EXPECT_EQ(set.find(other), nullptr);
  const Status twice = set.add(model("again", "versions=[\"28\"]"));
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().reason, "again.toml and version.toml both claim a meter of wmbus EXA");
}

TEST(Driver, AFileThatIsWrongIsRefusedWithItsPlace) {
  const auto refusal = [](std::string_view from, std::string_view to) {
    std::string text(kWaterMeter);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto model = parse_model(text, "example.toml");
    return model.ok() ? std::string("accepted") : model.error().reason;
  };
  EXPECT_EQ(refusal("storage = 0", "storrage = 0"),
            "example.toml:16:1: \"storrage\" is not known here");
  EXPECT_EQ(refusal("storage = 0", "storage = -1"),
            "example.toml:16:11: \"storage\" must be a whole number from 0 to 9223372036854775807");
  EXPECT_EQ(refusal("unit = \"m3\"", "unit = \"cubits\""),
            "example.toml:13:1: the unit \"cubits\" is not known");
  EXPECT_EQ(refusal("facts = \"made up for this test\"", ""),
            "example.toml:1:1: \"facts\" is missing");
  EXPECT_EQ(refusal("category = \"quality\"", "category = \"bad\""),
            "example.toml:42:12: \"category\" must be one of power, tamper, quality, clock, comms, "
            "security, device");
  EXPECT_EQ(refusal("value = 0x10", "value = 0x40"),
            "example.toml:38:1: \"value\" has bits outside the mask: it never agrees");
  EXPECT_EQ(refusal("offset = 1", "offset = 3"),
            "example.toml:45:1: the field ends behind its block");
  EXPECT_NE(refusal("[[field]]", "[[field"), "accepted");
}

}  // namespace
}  // namespace amity::driver
