// Every protocol through the one door: recognised by itself, one object a frame, errors in their
// place.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <filesystem>
#include <fstream>

#include "wire/decode/decode.h"
#include "wire/dlms/apdu.h"
#include "wire/dlms/wrapper.h"
#include "wire/osgp/message.h"

namespace amity::decode {
namespace {

// protocols.md 2: OMS mode 5, gas 28504.27 m3.
const char* const kGasEncrypted =
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955"
    "B29D6D69"
    "EBF3EC8A";
const char* const kGasKey = "0102030405060708090A0B0C0D0E0F11";
// A heat meter's answer on the wired bus: energy 123.45 kWh.
const char* const kWired = "68151568080172785634122C2D6604010000000406393000008E16";

// protocols.md 3: security and a partial read of ST1, encrypted with key 2.
const char* const kC1222 =
    "604fa20580037bc175a60480027b04a803020103ac0fa20da00ba109800102810448f3d061be2a282881268841d10c"
    "da76206811"
    "b36f781489a11997773e117cb07aa3aa40374a7107c50da7f799c5d4e8";

Bytes hex(std::string_view text) {
  return *bytes_from_hex_text(text);
}

std::string all(const std::vector<DecodedFrame>& frames) {
  std::string text;
  for (const DecodedFrame& frame : frames) {
    text += std::to_string(frame.offset) + " ";
    text += frame.json.ok() ? *frame.json : to_string(frame.json.error());
    text += "\n";
    if (!frame.kept.empty()) text += "kept " + frame.kept + "\n";
  }
  return text;
}

// Without what says nothing, in lines.
std::string brief(std::string text) {
  const auto replace = [&](std::string_view what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
      text.replace(at, what.size(), with);
  };
  for (const char* nothing :
       {R"("meter":{"id":"","manufacturer":"","medium":"","model":""},)",
        R"("security":{"mode":"none","ok":true},)", R"("readings":[],)", R"("events":[],)",
        R"("unknown":[],)", R"("storage":0,"tariff":0,"subunit":0,)"}) {
    replace(nothing, "");
  }
  for (const std::string part : {"\"readings\":", "\"unknown\":", "\"details\":", "\"meter\":"})
    replace(part, "\n  " + part);
  replace("},{", "},\n   {");
  return text;
}

TEST(Protocols, AreRecognisedByTheirFirstBytes) {
  EXPECT_EQ(recognise(hex(kGasEncrypted)), Protocol::kWmbus);
  EXPECT_EQ(recognise(hex("1B1B1B1B01010101760512345678")), Protocol::kSml);
  EXPECT_EQ(recognise(as_bytes("/ISK5\\2M550T-1012\r\n\r\n1-3:0.2.8(50)\r\n!ABCD\r\n")),
            Protocol::kP1);
  EXPECT_EQ(recognise(hex("7EA0210003")), Protocol::kDlms);
  EXPECT_EQ(recognise(hex("0001001000010007C001C100080000")), Protocol::kDlms);
  EXPECT_EQ(recognise(hex("C001C100080000010000FF0200")), Protocol::kDlms);
  EXPECT_EQ(recognise(hex("E5")), Protocol::kMbus);
  EXPECT_EQ(recognise(hex("1040014116")), Protocol::kMbus);
  EXPECT_EQ(recognise(hex("A1B2C3D4 00020004 00000000 00000000 0000FFFF 00000001")),
            Protocol::kCapture);
  EXPECT_EQ(recognise(hex("EE002000000D500063666978656475736572208E11")), Protocol::kC1218);
  EXPECT_EQ(recognise(hex("06EE0020000001008051")), Protocol::kC1218);
  EXPECT_EQ(recognise(hex("601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0")),
            Protocol::kDlms)
      << "an AARQ";
  EXPECT_EQ(recognise(hex(kC1222)), Protocol::kC1222);
  EXPECT_EQ(recognise({}), Protocol::kDlms);
  for (const Protocol p : {Protocol::kDlms, Protocol::kMbus, Protocol::kWmbus, Protocol::kSml,
                           Protocol::kP1, Protocol::kC1222, Protocol::kC1218, Protocol::kCapture}) {
    EXPECT_EQ(protocol_from(to_string(p)), p);
  }
  EXPECT_FALSE(protocol_from("morse"));
}

TEST(Protocols, TelegramsOneAfterTheOtherEachWithItsOffset) {
  mbus::KeyStore keys;
  ASSERT_TRUE(keys.add(0x12345678, hex(kGasKey)).ok());
  DecodeOptions options;
  options.mbus_keys = &keys;
  Bytes two = hex(kGasEncrypted);
  const std::size_t size = two.size();
  append(two, hex(kGasEncrypted));
  const auto frames = decode_stream(two, options);
  ASSERT_EQ(frames.size(), 2u) << all(frames);
  EXPECT_EQ(frames[1].offset, size);
  for (const DecodedFrame& frame : frames) {
    ASSERT_TRUE(frame.json.ok());
    EXPECT_NE(frame.json->find(R"("quantity":"volume","unit":"m3","value":28504.27)"),
              std::string::npos)
        << *frame.json;
  }
}

TEST(Protocols, WithoutItsKeyAFrameSaysSoAndShowsWhatItIs) {
  const auto frames = decode_stream(hex(kGasEncrypted), {});
  ASSERT_EQ(frames.size(), 1u);
  ASSERT_TRUE(frames[0].json.ok());
  EXPECT_NE(frames[0].json->find(R"("id":"12345678","manufacturer":"ELS")"), std::string::npos)
      << *frames[0].json;
  EXPECT_NE(frames[0].json->find(R"("ok":false)"), std::string::npos) << *frames[0].json;
}

TEST(Protocols, AWrongChecksumIsAnErrorInItsPlaceAndTheNextFrameIsRead) {
  Bytes good = hex(kWired);
  std::uint8_t sum = 0;
  for (std::size_t i = 4; i + 2 < good.size(); ++i) sum = static_cast<std::uint8_t>(sum + good[i]);
  good[good.size() - 2] = sum;
  Bytes both = good;
  both[10] ^= 1;
  append(both, good);
  const auto frames = decode_stream(both, {});
  ASSERT_EQ(frames.size(), 2u) << all(frames);
  EXPECT_FALSE(frames[0].json.ok());
  EXPECT_LT(frames[0].json.error().offset, good.size());
  ASSERT_TRUE(frames[1].json.ok()) << all(frames);
  EXPECT_EQ(frames[1].offset, good.size());
  EXPECT_NE(frames[1].json->find(R"("value":12345)"), std::string::npos) << *frames[1].json;
}

TEST(Protocols, AC1222MessageOpensWithItsKeyAndBase) {
  c12::Keys keys;
  keys.set_base(*c12::ap_title_from("2.16.124.113620.1.22.0"));
  ASSERT_TRUE(keys.add(2, hex("01020304050607080102030405060708")).ok());
  DecodeOptions options;
  options.c12_keys = &keys;
  const auto opened = decode_stream(hex(kC1222), options);
  ASSERT_EQ(opened.size(), 1u);
  ASSERT_TRUE(opened[0].json.ok()) << all(opened);
  EXPECT_NE(opened[0].json->find(R"("ok":true)"), std::string::npos) << *opened[0].json;
  const auto closed = decode_stream(hex(kC1222), {});
  ASSERT_TRUE(closed[0].json.ok()) << all(closed);
  EXPECT_NE(closed[0].json->find(R"("ok":false)"), std::string::npos) << *closed[0].json;
}

TEST(Protocols, WhatIsKnownOfTheModelIsAdded) {
  DecodeOptions options;
  options.complete = [](wire::Report& report) {
    report.meter.model = "of " + report.meter.manufacturer;
  };
  const auto frames = decode_stream(hex(kGasEncrypted), options);
  EXPECT_NE(frames[0].json->find(R"("model":"of ELS")"), std::string::npos) << *frames[0].json;
}

TEST(Protocols, WithExplanationEveryByteIsAccountedFor) {
  DecodeOptions options;
  options.explain = true;
  const auto frames = decode_stream(hex(kGasEncrypted), options);
  EXPECT_NE(frames[0].json->find(R"("layout":[{"offset":0,"size":)"), std::string::npos)
      << *frames[0].json;
}

// How often each byte of a frame lies in an innermost part: "once", or the first that does not.
std::string coverage(const std::string& json) {
  rapidjson::Document document;
  document.Parse(json.c_str());
  const auto& layout = document["layout"];
  std::vector<int> times;
  for (rapidjson::SizeType i = 0; i < layout.Size(); ++i) {
    const bool innermost =
        i + 1 == layout.Size() || layout[i + 1]["depth"].GetInt() <= layout[i]["depth"].GetInt();
    const std::size_t offset = layout[i]["offset"].GetUint64(),
                      size = layout[i]["size"].GetUint64();
    if (times.size() < offset + size) times.resize(offset + size);
    for (std::size_t at = offset; innermost && at < offset + size; ++at) ++times[at];
  }
  for (std::size_t at = 0; at < times.size(); ++at) {
    if (times[at] != 1) return std::to_string(times[at]) + " times byte " + std::to_string(at);
  }
  return times.empty() ? "nothing" : "once";
}

TEST(Protocols, EveryByteOfRealRecordingsIsExplainedOnce) {
  const std::filesystem::path folder = AMITY_SOURCE_DIR "/../shared/data/frames";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no recordings in " << folder;
  DecodeOptions options;
  options.explain = true;
  for (const char* kind : {"sml", "p1", "dlms_push", "stg"}) {
    std::size_t explained = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder / kind)) {
      const auto extension = entry.path().extension();
      const bool twin = entry.path().stem().string().ends_with("_decoded");
      if (twin || extension == ".key" || extension == ".gak" ||
          entry.path().string().ends_with("_result.txt"))
        continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::string content((std::istreambuf_iterator<char>(in)), {});
      if (looks_like_hex(as_bytes(content)))
        content = std::string(as_text(*bytes_from_hex_text(content)));
      for (const DecodedFrame& frame : decode_stream(as_bytes(content), options)) {
        if (!frame.json.ok()) continue;
        EXPECT_EQ(coverage(*frame.json), "once") << entry.path() << " at " << frame.offset;
        ++explained;
      }
    }
    EXPECT_GT(explained, 4u) << kind;
  }
}

TEST(Protocols, ModbusFramesAndOsgpRequestsAreExplained) {
  DecodeOptions options;
  options.explain = true;
  // A read over TCP and its answer; a write over RTU; an exception.
  for (const char* recording : {"000100000006 01 03 006B 0003 000100000009 01 03 06 022B 0000 0064",
                                "11 10 0001 0002 04 000A 0102 C6F0", "0A 81 02 B053"}) {
    const auto frames = decode_stream(hex(recording), options);
    for (const DecodedFrame& frame : frames) {
      if (frame.json.ok()) {
        EXPECT_EQ(coverage(*frame.json), "once") << *frame.json;
      }
    }
    EXPECT_TRUE(frames.empty() || frames[0].json.ok() || std::string_view(recording)[0] == '0')
        << all(frames);
  }
  const auto read = decode_stream(hex("000100000006 01 03 006B 0003"), options);
  ASSERT_TRUE(read.at(0).json.ok()) << all(read);
  EXPECT_NE(
      read[0].json->find(R"({"offset":8,"size":2,"depth":1,"meaning":"address","value":"107"})"),
      std::string::npos)
      << *read[0].json;
  auto digest = osgp::OmaDigest::make(Bytes(osgp::kNetworkKeyBytes, 0x11));
  ASSERT_TRUE(digest.ok());
  options.protocol = Protocol::kOsgp;
  for (const auto service : {osgp::Service::kRead, osgp::Service::kReadPart, osgp::Service::kWrite,
                             osgp::Service::kWritePart}) {
    osgp::Request request;
    request.service = service;
    request.table = 23;
    request.offset = 4;
    request.count = 8;
    const Bytes written = hex("0102030405");
    if (service == osgp::Service::kWrite || service == osgp::Service::kWritePart)
      request.data = written;
    request.sequence = 7;
    Bytes message;
    encode(request, *digest, message);
    const auto frames = decode_stream(message, options);
    ASSERT_TRUE(frames.at(0).json.ok()) << all(frames);
    EXPECT_EQ(coverage(*frames[0].json), "once") << *frames[0].json;
    EXPECT_NE(frames[0].json->find(R"("meaning":"sequence","value":"7")"), std::string::npos);
    EXPECT_EQ(frames[0].json->find(R"("meaning":"rest")"), std::string::npos) << *frames[0].json;
  }
}

TEST(Protocols, AReportOfAConcentratorIsExplainedMeterByMeter) {
  DecodeOptions options;
  options.explain = true;
  const std::string file =
      "<?xml version=\"1.0\"?>\n<Report IdRpt=\"S21\" IdPet=\"0\" Version=\"3.1.c\"><Cnc "
      "Id=\"CIR1\">"
      "<Cnt Id=\"ZIV1\"><S21 Fh=\"20150831020000000S\" L1v=\"230\"/></Cnt>\n<!-- a > b -->"
      "<Cnt Id='ZIV2'><S21 Fh=\"20150831020000000S\" L1v=\"231\"/></Cnt></Cnc></Report>\n";
  const auto frames = decode_stream(as_bytes(file), options);
  ASSERT_EQ(frames.size(), 2u) << all(frames);
  EXPECT_EQ(frames[1].offset, file.find("<Cnt Id='ZIV2'"));
  for (const DecodedFrame& frame : frames) {
    ASSERT_TRUE(frame.json.ok());
    EXPECT_EQ(coverage(*frame.json), "once") << *frame.json;
  }
  EXPECT_NE(frames[1].json->find(R"("meaning":"Id","value":"ZIV2")"), std::string::npos)
      << *frames[1].json;
}

TEST(Protocols, ADlmsPushIsExplainedDownToItsValues) {
  DecodeOptions options;
  options.explain = true;
  const auto frames = decode_stream(hex("7ea02a410883130413e6e7000f40000000000101020309060100010700"
                                        "ff0600001d3a02020f00161b16f97e"),
                                    options);
  ASSERT_EQ(frames.size(), 1u);
  ASSERT_TRUE(frames[0].json.ok());
  EXPECT_EQ(coverage(*frames[0].json), "once") << *frames[0].json;
  const std::string json = *frames[0].json;
  const std::string layout = json.substr(json.find("\"layout\""));
  EXPECT_NE(layout.find(R"({"offset":0,"size":1,"depth":1,"meaning":"flag","value":"7E"})"),
            std::string::npos)
      << layout;
  EXPECT_NE(layout.find(R"("meaning":"logical link header")"), std::string::npos) << layout;
  EXPECT_NE(layout.find(R"("meaning":"long invoke id and priority","value":"40000000")"),
            std::string::npos)
      << layout;
  EXPECT_NE(layout.find("7482"), std::string::npos) << layout;
}

TEST(Protocols, TheBlocksOfADlmsPushAreExplainedTogether) {
  const Bytes push = hex("0F40000000000101020309060100010700FF0600001D3A02020F00161B");
  Bytes recording;
  for (const bool last : {false, true}) {
    const ByteView piece = last ? ByteView(push).subspan(12) : ByteView(push).first(12);
    Bytes apdu;
    encode(dlms::GeneralBlockTransfer{last, true, 1, static_cast<std::uint16_t>(last ? 2 : 1), 0,
                                      piece},
           apdu);
    ASSERT_TRUE(encode(dlms::WrapperFrame{1, 16, apdu}, recording).ok());
  }
  DecodeOptions options;
  options.explain = true;
  const auto frames = decode_stream(recording, options);
  ASSERT_EQ(frames.size(), 1u) << all(frames);
  ASSERT_TRUE(frames[0].json.ok()) << all(frames);
  EXPECT_EQ(frames[0].offset, 0u);
  EXPECT_EQ(coverage(*frames[0].json), "once") << *frames[0].json;
  EXPECT_NE(frames[0].json->find(R"("frames":2,"bytes":)" + std::to_string(recording.size())),
            std::string::npos)
      << *frames[0].json;
}

TEST(Protocols, ACaptureIsDecodedPayloadByPayload) {
  // Ethernet, IPv4, UDP from 192.0.2.1:4059 to 192.0.2.2:4059, a wrapper frame with a GET.request.
  const std::string get = "0001 0010 0001 000D C001C100080000010000FF0200";
  const std::string udp = "0FDB 0FDB 001D 0000" + get;
  const std::string ip = "4500 0031 0000 0000 4011 0000 C0000201 C0000202" + udp;
  const std::string packet = "020202020202 020202020202 0800" + ip;
  const Bytes file =
      hex("D4C3B2A1 0200 0400 00000000 00000000 FFFF0000 01000000"
          "E8030000 05000000 3F000000 3F000000" +
          packet);
  const auto frames = decode_stream(file, {});
  ASSERT_EQ(frames.size(), 1u) << all(frames);
  ASSERT_TRUE(frames[0].json.ok()) << all(frames);
  EXPECT_TRUE(frames[0].json->starts_with(
      R"({"capture":{"time":"1970-01-01T00:16:40.000005Z","from":"192.0.2.1:4059","to":"192.0.2.2:4059",)"
      R"("transport":"udp"},"protocol":"dlms",)"))
      << *frames[0].json;
  EXPECT_EQ(frames[0].offset, 24u + 16 + 14 + 20 + 8);
}

// A conversation of mode C: request, identification, option select, readout with its check
// character (82).
std::string with_check(std::string text) {
  std::uint8_t check = 0;
  for (std::size_t i = 1; i < text.size(); ++i) check ^= static_cast<std::uint8_t>(text[i]);
  return text + static_cast<char>(check);
}

TEST(Protocols, AReadoutOfIec62056IsAConversation) {
  const std::string readout = with_check(
      "\x02"
      "0.0.0(12345678)\r\n1.8.0(000123.456*kWh)\r\n32.7.0(230.1*V)\r\n!\r\n\x03");
  const std::string all_of_it =
      "/?!\r\n/ISK5MT174-0001\r\n\x06"
      "050\r\n" +
      readout;
  EXPECT_EQ(recognise(as_bytes(all_of_it)), Protocol::kIec62056_21);
  EXPECT_EQ(brief(all(decode_stream(as_bytes(all_of_it), {}))),
            R"(0 {"protocol":"iec62056-21",
  "details":{"message":"request"}}
5 {"protocol":"iec62056-21",
  "meter":{"id":"","manufacturer":"ISK","medium":"","model":"MT174-0001"},
  "details":{"message":"identification","mode":"C","baud":"9600"}}
22 {"protocol":"iec62056-21",
  "details":{"message":"option select","next":"readout","baud":"9600"}}
28 {"protocol":"iec62056-21",
  "meter":{"id":"12345678","manufacturer":"ISK","medium":"electricity","model":"MT174-0001"},
  "readings":[{"quantity":"active energy import","unit":"Wh","value":123456,"kind":"total","id":"1.8.0"},
   {"quantity":"voltage L1","unit":"V","value":230.1,"kind":"instantaneous","id":"32.7.0"}],
  "details":{"message":"data"}}
)");
}

TEST(Protocols, ABlockWithAWrongCheckIsRefusedAndTheNextIsRead) {
  std::string bad = with_check(
      "\x02"
      "1.8.0(000123.456*kWh)!\r\n\x03");
  bad.back() ^= 1;
  const std::string good = with_check(
      "\x02"
      "2.8.0(000001.000*kWh)!\r\n\x03");
  const auto frames = decode_stream(as_bytes(bad + good), {});
  ASSERT_EQ(frames.size(), 2u) << all(frames);
  EXPECT_FALSE(frames[0].json.ok());
  ASSERT_TRUE(frames[1].json.ok()) << all(frames);
  EXPECT_EQ(frames[1].offset, bad.size());
}

TEST(Protocols, ALoadProfileHasItsIntervals) {
  const std::string profile = with_check(
      "\x02P.01(0261120120000)(00)(15)(2)(1.5)(kW)(2.5)(kW)\r\n(0.100)(0.000)\r\n(0.200)(0.000)"
      "\r\n\x03");
  DecodeOptions options;
  const auto frames = decode_stream(as_bytes(profile), options);
  ASSERT_EQ(frames.size(), 1u);
  ASSERT_TRUE(frames[0].json.ok()) << all(frames);
  EXPECT_NE(frames[0].json->find(R"("value":200,)"), std::string::npos) << *frames[0].json;
  EXPECT_NE(frames[0].json->find("2026-11-20T12:15"), std::string::npos) << *frames[0].json;
}

// Specification V1.1b3, 6.3: read holding registers 108 to 110.
TEST(Protocols, ModbusRequestsAndAnswersBelongTogether) {
  const Bytes tcp = hex("0001 0000 0006 11 03 006B 0003  0001 0000 0009 11 03 06 022B 0000 0064");
  EXPECT_EQ(recognise(tcp), Protocol::kModbus);
  EXPECT_EQ(brief(all(decode_stream(tcp, {}))),
            R"(0 {"protocol":"modbus",
  "details":{"unit":"17","transaction":"1","message":"request","function":"3","address":"107","count":"3"}}
12 {"protocol":"modbus",
  "unknown":[{"offset":9,"id":"register 107","data":"022B"},
   {"offset":11,"id":"register 108","data":"0000"},
   {"offset":13,"id":"register 109","data":"0064"}],
  "details":{"unit":"17","transaction":"1","message":"response","function":"3"}}
)");
  const Bytes rtu = hex("11 03 006B 0003 7687");
  EXPECT_EQ(recognise(rtu), Protocol::kModbus);
  Bytes flipped = rtu;
  flipped.back() ^= 1;
  EXPECT_EQ(recognise(flipped), Protocol::kDlms);
  DecodeOptions options;
  options.protocol = Protocol::kModbus;
  const auto refused = decode_stream(flipped, options);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_FALSE(refused[0].json.ok());
}

TEST(Protocols, AnOsgpRequestIsReadWhereItIsSaidToBeOne) {
  DecodeOptions options;
  options.protocol = Protocol::kOsgp;
  const auto frames = decode_stream(hex("3F0017000000002C0102030474861F6D7658DD56"), options);
  ASSERT_EQ(frames.size(), 1u);
  ASSERT_TRUE(frames[0].json.ok()) << all(frames);
  EXPECT_NE(frames[0].json->find(R"("request":"read BT23 offset 0 count 44 sequence 16909060")"),
            std::string::npos)
      << *frames[0].json;
}

TEST(Protocols, MetersAndMoreIsReadWhereItIsSaidToBeAndLabelled) {
  const Bytes messages =
      hex("414D4D0100660000000000AA1122334455660000000B00070000000000030102031A384E60748D1479"
          "414D4D0102281122334455660000000000AA0000000B0007000000000002 6E6F");
  DecodeOptions options;
  options.keys.encryption = {Bytes(16, 0x42)};
  const auto guessed = decode_stream(messages, options);
  ASSERT_FALSE(guessed.empty());
  EXPECT_FALSE(guessed[0].json.ok() &&
               guessed[0].json->find(R"("protocol":"mm")") != std::string::npos)
      << all(guessed);
  options.protocol = Protocol::kMm;
  options.explain = true;
  const auto frames = decode_stream(messages, options);
  ASSERT_EQ(frames.size(), 2u);
  for (const auto& frame : frames) {
    ASSERT_TRUE(frame.json.ok()) << all(frames);
    EXPECT_NE(frame.json->find(R"("conformance":"own framing, not conformance-tested")"),
              std::string::npos)
        << *frame.json;
    EXPECT_EQ(coverage(*frame.json), "once") << *frame.json;
  }
  EXPECT_NE(frames[0].json->find(R"("security":{"mode":"AES-CMAC","ok":true)"), std::string::npos)
      << *frames[0].json;
  EXPECT_NE(frames[1].json->find("no"), std::string::npos);
}

TEST(Protocols, AConcentratorReportGivesOneObjectAMeter) {
  const std::string xml =
      R"(<Report IdRpt="S02" IdPet="0" Version="3.1.c"><Cnc Id="CIR4621247027">)"
      R"(<Cnt Id="ZIV0034631235" Magn="1">)"
      R"(<S02 Fh="20150831020000000S" Bc="00" AI="100" AE="2" R1="0" R2="0" R3="0" R4="5"/></Cnt>)"
      R"(<Cnt Id="ZIV0034631236" Magn="1">)"
      R"(<S02 Fh="20150831020000000S" Bc="80" AI="0" AE="0" R1="0" R2="0" R3="0" R4="0"/>)"
      R"(</Cnt></Cnc></Report>)";
  EXPECT_EQ(recognise(as_bytes(xml)), Protocol::kStg);
  const auto frames = decode_stream(as_bytes(xml), {});
  ASSERT_EQ(frames.size(), 2u) << all(frames);
  EXPECT_NE(frames[0].json->find(R"("id":"ZIV0034631235")"), std::string::npos) << all(frames);
  EXPECT_NE(frames[0].json->find(R"("value":100)"), std::string::npos) << all(frames);
  EXPECT_NE(frames[0].json->find(R"("concentrator":"CIR4621247027")"), std::string::npos);
}

TEST(Protocols, RealRecordingsAreRecognised) {
  const std::filesystem::path folder = AMITY_SOURCE_DIR "/../shared/data/frames";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no recordings in " << folder;
  const std::pair<const char*, Protocol> kinds[] = {
      {"sml", Protocol::kSml}, {"p1", Protocol::kP1}, {"stg", Protocol::kStg}};
  for (const auto& [name, protocol] : kinds) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder / name)) {
      if (entry.path().extension() == ".txt" && protocol == Protocol::kStg) continue;  // values
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string content((std::istreambuf_iterator<char>(in)), {});
      EXPECT_EQ(recognise(as_bytes(content)), protocol) << entry.path();
      std::size_t shown = 0;
      for (const DecodedFrame& frame : decode_stream(as_bytes(content), {}))
        shown += frame.json.ok();
      EXPECT_GT(shown, 0u) << entry.path();
      ++files;
    }
    EXPECT_GT(files, 4u);
  }
}

}  // namespace
}  // namespace amity::decode
