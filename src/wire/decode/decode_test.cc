#include "wire/decode/decode.h"

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "wire/dlms/wrapper.h"

namespace amity::decode {
namespace {

Bytes hex(std::string_view text) {
  const auto bytes = bytes_from_hex_text(text);
  EXPECT_TRUE(bytes.ok()) << text;
  return bytes.ok() ? *bytes : Bytes();
}

std::string json_of(ByteView bytes, const DecodeOptions& options = {}) {
  const auto json = decode_frame(bytes, options);
  return json.ok() ? *json : to_string(json.error());
}

rapidjson::Document document_of(ByteView bytes, const DecodeOptions& options = {}) {
  rapidjson::Document document;
  document.Parse(json_of(bytes, options).c_str());
  EXPECT_FALSE(document.HasParseError()) << json_of(bytes, options);
  return document;
}

// "1.0.1.7.0.255 7482 W instantaneous active power import"
std::string readings_of(const rapidjson::Document& document) {
  std::string text;
  if (!document.IsObject() || !document.HasMember("readings")) return "no readings";
  for (const auto& r : document["readings"].GetArray()) {
    rapidjson::StringBuffer value;
    rapidjson::Writer<rapidjson::StringBuffer> writer(value);
    r["value"].Accept(writer);
    text += std::string(r["obis"].GetString()) + " " + value.GetString() + " " +
            r["unit"].GetString() + "\n";
  }
  return text;
}

DecodeOptions with_keys() {
  DecodeOptions options;
  options.keys.encryption = {hex("000102030405060708090A0B0C0D0E0F")};
  options.keys.authentication = {hex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")};
  options.keys.system_title = *dlms::system_title_from(hex("4D4D4D0000BC614E"));
  return options;
}

// protocols.md 20
TEST(Decode, AidonPush) {
  const Bytes push = hex(
      "7ea02a410883130413e6e7000f40000000000101020309060100010700ff0600001d3a02020f00161b16f97e");
  EXPECT_EQ(
      json_of(push),
      R"({"protocol":"dlms",)"
      R"("meter":{"id":"","manufacturer":"","medium":"electricity","model":""},)"
      R"("security":{"mode":"none","ok":true},)"
      R"("readings":[{"quantity":"active power import","unit":"W","value":7482,"storage":0,"tariff":0,)"
      R"("subunit":0,"kind":"instantaneous","obis":"1.0.1.7.0.255"}],"events":[],"unknown":[],)"
      R"("transport":{"type":"hdlc","source":"4/65","destination":"32","frames":1,"bytes":44},)"
      R"("apdu":{"type":"data-notification","invoke_id":0,"body":{"type":"array","items":[{"type":"structure",)"
      R"("items":[{"type":"octet-string","obis":"1.0.1.7.0.255","hex":"0100010700FF"},)"
      R"({"type":"uint32","value":7482},{"type":"structure","items":[{"type":"int8","value":0},)"
      R"({"type":"enum","value":27}]}]}]}}})");
}

// As a model file has it (meters/kaifa-ma304.toml).
obis::ValueLists kaifa_lists() {
  obis::ValueList list{"KFM", "KFM_001", "", 13, {}, {}};
  const auto column = [&](std::uint8_t a, std::uint8_t c, std::uint8_t d, std::uint8_t e,
                          int scaler, Unit unit) {
    list.columns.push_back({{a, 0, c, d, e, 255}, scaler, unit});
  };
  column(0, 96, 1, 0, 0, Unit::kNone);
  column(0, 96, 1, 7, 0, Unit::kNone);
  column(1, 1, 7, 0, 0, Unit::kWatt);
  column(1, 2, 7, 0, 0, Unit::kWatt);
  column(1, 3, 7, 0, 0, Unit::kVar);
  column(1, 4, 7, 0, 0, Unit::kVar);
  for (const std::uint8_t c : {31, 51, 71}) column(1, c, 7, 0, -3, Unit::kAmpere);
  for (const std::uint8_t c : {32, 52, 72}) column(1, c, 7, 0, -1, Unit::kVolt);
  obis::ValueLists lists;
  EXPECT_TRUE(lists.add(list).ok());
  EXPECT_FALSE(lists.add(list).ok()) << "twice";
  return lists;
}

// protocols.md 21
TEST(Decode, KaifaPositionalPush) {
  const Bytes push =
      hex("7EA079010201108093E6E7000F40000000090C07E1090F05052128FF800000020D09074B464D5F3030310910"
          "363937303633313430313735"
          "3339383509084D4133303448334506000003B406000000000600000000060000004006000005880600000CA9"
          "0600000C2F06000009510600"
          "00000006000009"
          "55115C7E");
  const obis::ValueLists lists = kaifa_lists();
  DecodeOptions options;
  options.value_lists = &lists;
  const rapidjson::Document document = document_of(push, options);
  EXPECT_EQ(readings_of(document),
            "0.0.96.1.0.255 \"6970631401753985\" \n0.0.96.1.7.255 \"MA304H3E\" \n"
            "1.0.1.7.0.255 948 W\n1.0.2.7.0.255 0 W\n1.0.3.7.0.255 0 var\n1.0.4.7.0.255 64 var\n"
            "1.0.31.7.0.255 1.416 A\n1.0.51.7.0.255 3.241 A\n1.0.71.7.0.255 3.119 A\n"
            "1.0.32.7.0.255 238.5 V\n1.0.52.7.0.255 0.0 V\n1.0.72.7.0.255 238.9 V\n");
  EXPECT_STREQ(document["meter"]["id"].GetString(), "6970631401753985");
  EXPECT_STREQ(document["meter"]["manufacturer"].GetString(), "KFM");
  EXPECT_STREQ(document["meter"]["model"].GetString(), "MA304H3E");
  EXPECT_STREQ(document["time"].GetString(), "2017-09-15T05:33:40")
      << "no deviation, no zone: wall clock";
  const auto oslo = TimeZone::find("Europe/Oslo");
  options.zone = &*oslo;
  EXPECT_STREQ(document_of(push, options)["time"].GetString(), "2017-09-15T03:33:40Z");
}

// protocols.md 12: an association request prints usefully.
TEST(Decode, AssociationRequest) {
  const rapidjson::Document document =
      document_of(hex("601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0"));
  const auto& apdu = document["apdu"];
  EXPECT_STREQ(apdu["type"].GetString(), "aarq");
  EXPECT_STREQ(apdu["application_context"].GetString(), "LN");
  EXPECT_STREQ(apdu["user_information"]["type"].GetString(), "initiate-request");
  EXPECT_EQ(apdu["user_information"]["pdu_size_max"].GetInt(), 1200);
}

// protocols.md 3, in the wrapper.
TEST(Decode, CipheredRequest) {
  Bytes frame;
  ASSERT_TRUE(
      encode(
          dlms::WrapperFrame{
              16, 1, hex("C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B")},
          frame)
          .ok());
  const rapidjson::Document document = document_of(frame, with_keys());
  EXPECT_STREQ(document["transport"]["type"].GetString(), "wrapper");
  EXPECT_STREQ(document["security"]["mode"].GetString(), "authenc");
  EXPECT_TRUE(document["security"]["ok"].GetBool());
  EXPECT_STREQ(document["apdu"]["type"].GetString(), "get-request");
  EXPECT_STREQ(document["apdu"]["obis"].GetString(), "0.0.1.0.0.255");
}

TEST(Decode, NothingOfACipheredApduIsShownWithoutTheRightKeys) {
  const Bytes apdu = hex("C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B");
  DecodeOptions no_auth = with_keys();
  no_auth.keys.authentication.clear();
  DecodeOptions wrong = with_keys();
  wrong.keys.encryption = {Bytes(16, 0x55)};
  DecodeOptions no_title = with_keys();
  no_title.keys.system_title.reset();
  const std::pair<DecodeOptions, const char*> cases[] = {
      {DecodeOptions{}, "the sender's system title is needed"},
      {no_title, "the sender's system title is needed"},
      {no_auth, "the authentication key is needed"},
      {wrong, "the authentication tag does not match: wrong key, or altered data"}};
  for (const auto& [options, reason] : cases) {
    const rapidjson::Document document = document_of(apdu, options);
    EXPECT_FALSE(document["security"]["ok"].GetBool());
    EXPECT_STREQ(document["security"]["reason"].GetString(), reason);
    EXPECT_STREQ(document["apdu"]["type"].GetString(), "glo-get-request");
    EXPECT_FALSE(document["apdu"].HasMember("obis"));
  }
}

// protocols.md 16 in three general blocks, each in the wrapper.
TEST(Decode, GeneralBlocks) {
  const Bytes key(as_bytes("MYDUMMYGLOBALKEY").begin(), as_bytes("MYDUMMYGLOBALKEY").end());
  DecodeOptions options;
  options.keys.encryption = options.keys.authentication = {key};
  const Bytes whole =
      hex("db082f192291991641033b30000001e5025ce9d2271fd78be8c204211a916a9d7f587e0a7a814cadea89e959"
          "3f01f92ea8c087b5bdfdefeab6"
          "becf282dfe49c08f5be6dc8400");
  Bytes stream;
  for (std::uint16_t block = 0; block < 3; ++block) {
    const ByteView piece =
        ByteView(whole).subspan(block * 24u, block == 2 ? whole.size() - 48 : 24);
    Bytes apdu;
    encode(dlms::GeneralBlockTransfer{block == 2, true, 1, static_cast<std::uint16_t>(block + 1), 0,
                                      piece},
           apdu);
    ASSERT_TRUE(encode(dlms::WrapperFrame{1, 16, apdu}, stream).ok());
  }
  const auto decoded = decode_stream(stream, options);
  ASSERT_EQ(decoded.size(), 1u);
  ASSERT_TRUE(decoded[0].json.ok()) << to_string(decoded[0].json.error());
  EXPECT_NE(
      decoded[0].json->find("125A8591360000000049000000110000000A5A8513D014800000000D0000000A0100"),
      std::string::npos);
}

// Scaler and unit of 1.0.1.8.0, then its value, the columns of the load profile, a row of it: each
// request in the wrapper, followed by its answer.
TEST(Decode, AnAnswerIsNamedByItsRequestAndScaledByWhatWasReadBefore) {
  const char* const exchanges[] = {
      "C001C100030100010800FF0300",
      "C401C10002020FFF161E",
      "C001C100030100010800FF0200",
      "C401C100060000162E",
      "C001C100070100630100FF0300",
      "C401C1000102020412000809060000010000FF0F02120000020412000309060100010800FF0F02120000",
      "C001C100070100630100FF0200",
      "C401C10001010202090C07EA0B15060D0F0000FFC40006000016FF"};
  Bytes recording;
  for (std::size_t i = 0; i < std::size(exchanges); ++i) {
    const bool asks = i % 2 == 0;
    const Bytes apdu = hex(exchanges[i]);
    const std::uint16_t client = 16, meter = 1;
    ASSERT_TRUE(
        encode(dlms::WrapperFrame{asks ? client : meter, asks ? meter : client, apdu}, recording)
            .ok());
  }
  const auto decoded = decode_stream(recording, {});
  ASSERT_EQ(decoded.size(), 8u);
  for (const DecodedFrame& frame : decoded) ASSERT_TRUE(frame.json.ok());
  EXPECT_NE(decoded[1].json->find(R"("readings":[])"), std::string::npos) << *decoded[1].json;
  EXPECT_NE(decoded[3].json->find(R"("unit":"Wh","value":567.8)"), std::string::npos)
      << *decoded[3].json;
  EXPECT_NE(decoded[7].json->find(R"("unit":"Wh","value":588.7)"), std::string::npos)
      << *decoded[7].json;
  EXPECT_NE(decoded[7].json->find(R"("time":"2026-11-21T12:15:00Z","obis":"1.0.1.8.0.255")"),
            std::string::npos)
      << *decoded[7].json;
  // Alone, the value is nobody's: nothing is claimed of it.
  const rapidjson::Document alone = document_of(hex(exchanges[3]));
  EXPECT_EQ(alone["readings"].Size(), 0u);
}

// What a push leaves open is said, not guessed away.
TEST(Decode, AValueWithoutItsScalerSaysSo) {
  const std::string json = json_of(hex("0F4000000000020209060100200700FF1209C4"));
  EXPECT_NE(json.find(R"("unit":"V","value":2500)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("note":"scaler and unit not sent")"), std::string::npos) << json;
}

TEST(Decode, GatewayPrefix) {
  const rapidjson::Document document = document_of(hex("E6000431323334C001C100080000010000FF0200"));
  EXPECT_STREQ(document["transport"]["gateway"].GetString(), "network 0, device 31323334");
  EXPECT_STREQ(document["apdu"]["type"].GetString(), "get-request");
}

TEST(Decode, EventNotification) {
  const rapidjson::Document document =
      document_of(hex("C2010C07E1090F0505212800000000"
                      "00010000600B00FF021142"));
  ASSERT_EQ(document["events"].Size(), 1u);
  EXPECT_EQ(document["events"][0]["code"].GetInt(), 0x42);
  EXPECT_STREQ(document["events"][0]["time"].GetString(), "2017-09-15T05:33:40Z");
}

TEST(Decode, StreamGoesOnAfterDamage) {
  const Bytes good = hex(
      "7ea02a410883130413e6e7000f40000000000101020309060100010700ff0600001d3a02020f00161b16f97e");
  Bytes stream = good;
  Bytes bad = good;
  bad[30] ^= 1;
  append(stream, bad);
  append(stream, good);
  const auto decoded = decode_stream(stream, {});
  ASSERT_GE(decoded.size(), 3u);
  EXPECT_TRUE(decoded.front().json.ok());
  EXPECT_FALSE(decoded[1].json.ok());
  EXPECT_EQ(decoded[1].offset, good.size());
  EXPECT_TRUE(decoded.back().json.ok());
}

TEST(Decode, EveryCutAndEveryBitOfAPushHasAnOutcome) {
  const Bytes push =
      hex("7EA079010201108093E6E7000F40000000090C07E1090F05052128FF800000020D09074B464D5F3030310910"
          "363937303633313430313735"
          "3339383509084D4133303448334506000003B406000000000600000000060000004006000005880600000CA9"
          "0600000C2F06000009510600"
          "0000000600000955115C7E");
  for (std::size_t size = 1; size < push.size() - 1; ++size) {
    const Bytes cut(push.begin(), push.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(decode_frame(cut, {}).ok()) << "cut to " << size;
  }
  for (std::size_t bit = 8; bit < (push.size() - 1) * 8; ++bit) {
    Bytes bad = push;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto decoded = decode_stream(bad, {});
    EXPECT_TRUE(decoded.empty() || !decoded.front().json.ok()) << "bit " << bit;
  }
}

TEST(Decode, HexText) {
  EXPECT_TRUE(looks_like_hex(as_bytes("7E:A0 79-\n01")));
  EXPECT_FALSE(looks_like_hex(hex("7EA07901")));
  EXPECT_EQ(to_hex(*bytes_from_hex_text("7 E:A,0'\n")), "7EA0");
  EXPECT_EQ(bytes_from_hex_text("7EX0").error().offset, 2u);
  EXPECT_FALSE(bytes_from_hex_text("7EA").ok());
}

}  // namespace
}  // namespace amity::decode
