// Messages of LoRaWAN network servers and of MQTT devices, by a mapping, to readings.
#include "headend/heard/test_heard.h"
#include "headend/heard/uplinks.h"

namespace amity::heard {
namespace {

constexpr const char* kMap = R"(
[[source]]
name = "tts"
kind = "the-things-stack"
topics = ["v3/+/devices/+/up"]
[[source.payload]]
port = 2
decoder = "mbus"
[[source.payload]]
port = 3
decoder = "frame"

[[source]]
name = "chirp"
kind = "chirpstack"
topics = ["application/+/device/+/event/up"]
[[source.payload]]
decoder = "fields"
[[source.payload.field]]
block = "payload"
offset = 1
size = 4
type = "unsigned-be"
exponent = -3
quantity = "volume"
unit = "m3"
kind = "total"

[[source]]
name = "plug"
topics = ["house/#"]
time = "/at"
time_unit = "ms"
[[source.value]]
path = "/energy/total"
quantity = "active energy import"
unit = "Wh"
kind = "total"
exponent = 3
)";

// DIF 0C VIF 13, volume 850.427 m3.
constexpr const char* kThingsStack =
    R"({"end_device_ids":{"device_id":"w","dev_eui":"70B3D57ED0051234"},
"received_at":"2026-09-21T14:15:16.123456789Z","uplink_message":{"f_port":2,"f_cnt":7,"frm_payload":"DBMnBIUA"}})";
constexpr const char* kChirpStack = R"({"deduplicationId":"1","time":"2026-09-21T14:15:16.5+00:00",
"deviceInfo":{"devEui":"70b3d57ed0059999"},"fCnt":9,"fPort":10,"data":"AQAM+fs="})";

struct UplinkTest : HeardTest {
  UplinkMap map = parse_uplink_map(kMap, "map.toml").value();
  std::unique_ptr<Uplinks> uplinks;
  std::vector<std::string> answers;

  void SetUp() override {
    HeardTest::SetUp();
    uplinks = std::make_unique<Uplinks>(*sink, map);
  }
  void add_at(std::string serial, std::string address) {
    registry.device_map[add(std::move(serial), "ACME", "json").value].address = std::move(address);
  }
  void topic(std::string_view topic, std::string_view json) {
    uplinks->take_topic(topic, as_bytes(json), [this](const Status& status) {
      answers.push_back(status.ok() ? "ok" : status.error().reason);
    });
    loop.run_for(1s);
  }
  std::int64_t sent() { return from_iso("2026-09-21T14:15:16Z")->value - kStart.value; }
};

TEST_F(UplinkTest, AThingsStackUplinkWithMbusRecordsCountsOnce) {
  add_at("W1", "lorawan:70B3D57ED0051234");
  topic("v3/app@tenant/devices/w/up", kThingsStack);
  EXPECT_EQ(kept(), "volume 850427e-3 at " + std::to_string(sent()) + "; ");
  topic("v3/app@tenant/devices/w/up", kThingsStack);  // delivered again by the broker
  EXPECT_EQ(answers, (std::vector<std::string>{"ok", "ok"}));
  EXPECT_EQ(sink->counters("tts").frames, 2u);
  EXPECT_EQ(sink->counters("tts").duplicates, 1u);
  EXPECT_EQ(sink->counters("tts").readings, 1u);
}

TEST_F(UplinkTest, AChirpStackUplinkWithFields) {
  add_at("W2", "lorawan:70b3d57ed0059999");
  uplinks->take_named("chirp", as_bytes(kChirpStack), {});
  loop.run_for(1s);
  EXPECT_EQ(kept(), "volume 850427e-3 at " + std::to_string(sent()) + "; ");
}

TEST_F(UplinkTest, AJsonMessageOfADeviceThatItsTopicNames) {
  add_at("P1", "mqtt:house/7/plug");
  const std::string at = std::to_string((kStart.value + sent()) * 1'000);
  topic("house/7/plug", R"({"at":)" + at + R"(,"energy":{"total":12.345}})");
  EXPECT_EQ(kept(), "active_energy_import 12345e0 at " + std::to_string(sent()) + "; ");
}

TEST_F(UplinkTest, WhatCannotBeReadIsCountedAndSaysWhy) {
  topic("house/7/plug", "{");
  topic("house/7/plug", R"({"energy":{"total":1}})");  // nobody's
  topic("elsewhere", "{}");
  topic("v3/a/devices/w/up", R"({"end_device_ids":{"dev_eui":"70B3D57ED0051234"},
      "uplink_message":{"f_port":9,"frm_payload":"AA=="}})");
  EXPECT_EQ(answers, (std::vector<std::string>{"no JSON object", "ok",
                                               "the mapping has no source of this topic",
                                               "no payload decoder for this port"}));
  EXPECT_EQ(sink->counters("plug").undecodable, 1u);
  EXPECT_EQ(sink->counters("plug").unknown_meters, 1u);
  EXPECT_EQ(sink->counters("tts").undecodable, 1u);
  EXPECT_EQ(kept(), "");
}

TEST(UplinkMap, TopicsAndMistakes) {
  EXPECT_TRUE(topic_fits("a/+/c", "a/b/c"));
  EXPECT_FALSE(topic_fits("a/+/c", "a/b/d"));
  EXPECT_TRUE(topic_fits("a/#", "a/b/c"));
  EXPECT_TRUE(topic_fits("a/#", "a"));
  EXPECT_FALSE(topic_fits("a", "a/b"));
  EXPECT_FALSE(topic_fits("a/b", "a"));
  const auto reason = [](std::string_view toml) {
    const auto map = parse_uplink_map(toml, "m.toml");
    return map.ok() ? std::string("ok") : map.error().reason;
  };
  EXPECT_EQ(reason("[[source]]\nname = \"x\"\n"),
            "m.toml:1:1: a source without values and payloads says nothing");
  EXPECT_EQ(
      reason("[[source]]\nname = \"x\"\ncolour = 1\n[[source.value]]\npath = \"/a\"\nquantity = "
             "\"volume\"\n"),
      "m.toml:3:1: \"colour\" is not known here");
  EXPECT_EQ(reason(""), "m.toml: it has no [[source]]");
}

TEST(Base64, Digits) {
  EXPECT_EQ(to_hex(*from_base64("AQAM+fs=")), "01000CF9FB");
  EXPECT_EQ(to_hex(*from_base64("")), "");
  EXPECT_FALSE(from_base64("A*==").ok());
}

}  // namespace
}  // namespace amity::heard
