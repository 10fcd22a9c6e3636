// What collectors send: frames of several protocols in one stream, in pieces, between noise.
#include "wire/decode/frame_stream.h"

#include <gtest/gtest.h>

#include "wire/dlms/wrapper.h"
#include "wire/mbus/wired_frame.h"
#include "wire/mbus/wireless_frame.h"
#include "wire/p1/telegram.h"
#include "wire/sml/transport.h"

namespace amity::decode {
namespace {

// OMS mode 5, gas; format A with its CRCs.
const Bytes kTelegramA = *from_hex(
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0"
    "EA6DEFC955B29D6D69EBF3EC8A");
const Bytes kStripped = *from_hex("1E468B050100000004077A01001002BBD1EAFD0222F871CB70DA16C78AE098");

Bytes p1_telegram() {
  Bytes out;
  p1::TelegramWriter writer("KFM5KAIFA-METER", out);
  writer.line("1-0:1.8.1(000004.426*kWh)");
  writer.finish();
  return out;
}
Bytes sml_frame() {
  Bytes out;
  sml::encode_frame(Bytes{0x76, 0x05, 0x01, 0x02, 0x03, 0x1B, 0x1B, 0x1B, 0x1B, 0x00},
                    sml::Crc::kX25, out);
  return out;
}
Bytes wired() {
  return *mbus::long_frame(0x08, 1, Bytes{0x72, 1, 2, 3, 4});
}
Bytes plus(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) append(all, part);
  return all;
}
Bytes text(std::string_view s) {
  return Bytes(s.begin(), s.end());
}

// "wmbus 47, sml 28"
std::string all(FrameStream& stream, ByteView bytes, std::size_t step, bool at_end = true) {
  std::string found;
  const auto drain = [&](bool end) {
    while (const auto frame = stream.next(end)) {
      found += (found.empty() ? "" : ", ") + std::string(to_string(frame->protocol)) + " " +
               std::to_string(frame->bytes.size());
    }
  };
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    stream.add(bytes.subspan(at, std::min(step, bytes.size() - at)));
    drain(false);
  }
  if (at_end) drain(true);
  return found;
}

TEST(FrameStream, MixedProtocolsInPiecesOfAnySize) {
  const Bytes bytes = plus({kTelegramA, kStripped, p1_telegram(), sml_frame(), wired(), kStripped,
                            p1_telegram(), kTelegramA});
  const std::string p1 = "p1 " + std::to_string(p1_telegram().size() - 2);  // without its line end
  const std::string sml = "sml " + std::to_string(sml_frame().size());
  const std::string a = "wmbus " + std::to_string(kTelegramA.size());
  const std::string expected =
      a + ", wmbus 31, " + p1 + ", " + sml + ", mbus 13, wmbus 31, " + p1 + ", " + a;
  for (const std::size_t step : {1u, 2u, 3u, 7u, 12u, 64u, 100'000u}) {
    FrameStream stream;
    EXPECT_EQ(all(stream, bytes, step), expected) << step;
    EXPECT_EQ(stream.garbage_bytes(), 0u) << step;
    EXPECT_FALSE(stream.waiting());
  }
}

TEST(FrameStream, LinesOfDigits) {
  const Bytes bytes = text(to_hex(kStripped) + "\r\n" + to_hex(kTelegramA) + "\n\n" +
                           to_hex(sml_frame()) + "\n" + to_hex(plus({wired(), wired()})) + "\n");
  for (const std::size_t step : {1u, 5u, 1'000u}) {
    FrameStream stream;
    EXPECT_EQ(all(stream, bytes, step), "wmbus 31, wmbus " + std::to_string(kTelegramA.size()) +
                                            ", sml " + std::to_string(sml_frame().size()) +
                                            ", mbus 13, mbus 13");
    EXPECT_EQ(stream.garbage_bytes(), 0u);
  }
  FrameStream datagram;  // the last line of a datagram needs no end
  EXPECT_EQ(all(datagram, text(to_hex(kStripped)), 1'000), "wmbus 31");
}

TEST(FrameStream, FindsFramesBetweenNoise) {
  const Bytes noise = {0xFF, 0x51, 0x80, 0x99, 0xFE, 0x81, 0x82, 0xEE, 0xAA, 0xBB, 0xCC};
  FrameStream stream;
  EXPECT_EQ(all(stream, plus({noise, kStripped, noise, wired(), Bytes{0xE5}, kStripped}), 9),
            "wmbus 31, mbus 13, wmbus 31");
  EXPECT_EQ(stream.garbage_bytes(), 2 * noise.size());
}

TEST(FrameStream, HalfAFrameWaitsAndIsDroppedAtTheEnd) {
  FrameStream stream;
  EXPECT_EQ(all(stream, ByteView(kStripped).first(20), 20, false), "");
  EXPECT_TRUE(stream.waiting());
  EXPECT_EQ(stream.garbage_bytes(), 0u);
  EXPECT_FALSE(stream.next(true));
  EXPECT_FALSE(stream.waiting());
  EXPECT_GT(stream.garbage_bytes(), 10u);
}

TEST(FrameStream, EndlessNonsenseIsBounded) {
  FrameStream digits, text_only, escapes;
  const Bytes a(60'000, 'a'), slash(60'000, '/'), escape(60'000, 0x1B);
  EXPECT_EQ(all(digits, a, 1'400), "");
  EXPECT_EQ(all(text_only, slash, 1'400), "");
  EXPECT_EQ(all(escapes, escape, 1'400), "");
  EXPECT_GT(digits.garbage_bytes(), 40'000u);
  EXPECT_GT(text_only.garbage_bytes(), 40'000u);
  EXPECT_GT(escapes.garbage_bytes(), 40'000u);
}

// protocols.md 20
const Bytes kHdlcPush = *from_hex(
    "7ea02a410883130413e6e7000f40000000000101020309060100010700ff0600001d3a02020f00161b16f97e");

Bytes wrapped(ByteView apdu) {
  Bytes out;
  EXPECT_TRUE(encode(dlms::WrapperFrame{1, 16, apdu}, out).ok());
  return out;
}

// A push in segments of wired M-Bus: CI 00, then the last one.
Bytes in_segments(ByteView apdu, std::size_t first) {
  Bytes out;
  for (const std::uint8_t ci : {std::uint8_t{0x00}, std::uint8_t{0x11}}) {
    Bytes user{0x53, 0xFF, ci, 0x01, 0x67};
    append(user, ci == 0 ? apdu.first(first) : apdu.subspan(first));
    std::uint8_t sum = 0;
    for (const std::uint8_t b : user) sum = static_cast<std::uint8_t>(sum + b);
    const auto length = static_cast<std::uint8_t>(user.size());
    append(out, Bytes{0x68, length, length, 0x68});
    append(out, user);
    append(out, Bytes{sum, 0x16});
  }
  return out;
}

TEST(FrameStream, FindsDlmsMessagesOfEveryTransportInAnyPieces) {
  const Bytes apdu(kHdlcPush.begin() + 12, kHdlcPush.end() - 3);
  const Bytes stream = plus({kHdlcPush, wrapped(apdu), in_segments(apdu, 9), kTelegramA, kHdlcPush,
                             Bytes(kHdlcPush.begin() + 1, kHdlcPush.end())});
  const std::string expected = "dlms 44, dlms 37, dlms 51, wmbus 55, dlms 44, dlms 44";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{50}, stream.size()}) {
    FrameStream frames;  // of the last two the flag between them is one
    EXPECT_EQ(all(frames, stream, step), expected) << step;
    EXPECT_EQ(frames.garbage_bytes(), 0u) << step;
    EXPECT_FALSE(frames.waiting());
  }
}

TEST(FrameStream, FindsReadoutsOfIec62056_21) {
  const Bytes readout = text(
      "/LGZ5ZMD120AP\r\n\x02"
      "1.8.0(004426.5*kWh)\r\n!\r\n\x03"
      "A");
  for (const std::size_t step : {std::size_t{1}, std::size_t{9}, readout.size() * 2}) {
    FrameStream frames;
    EXPECT_EQ(all(frames, plus({readout, kTelegramA}), step),
              "iec62056-21 " + std::to_string(readout.size()) + ", wmbus 55");
    EXPECT_EQ(frames.garbage_bytes(), 0u);
  }
}

TEST(FrameStream, ADamagedDlmsFrameCostsItselfAlone) {
  Bytes bad = kHdlcPush;
  bad[20] ^= 1;
  FrameStream frames;
  EXPECT_EQ(all(frames, plus({bad, kHdlcPush}), 5), "dlms 44, dlms 44")
      << "the first is for its decoder to refuse";
  EXPECT_EQ(frames.garbage_bytes(), 0u);
}

}  // namespace
}  // namespace amity::decode
