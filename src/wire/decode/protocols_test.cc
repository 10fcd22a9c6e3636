// Every protocol through the one door: recognised by itself, one object a frame, errors in their
// place.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "wire/decode/decode.h"

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

TEST(Protocols, RealRecordingsAreRecognised) {
  const std::filesystem::path folder = AMITY_SOURCE_DIR "/../shared/data/frames";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no recordings in " << folder;
  const std::pair<const char*, Protocol> kinds[] = {{"sml", Protocol::kSml}, {"p1", Protocol::kP1}};
  for (const auto& [name, protocol] : kinds) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder / name)) {
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
