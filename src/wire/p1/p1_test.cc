#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/crypto.h"
#include "wire/p1/decoder.h"

namespace amity::p1 {
namespace {

std::string summary(const wire::Report& report) {
  std::string text = fmt::format("{} {} {} {}\n", report.meter.manufacturer, report.meter.id,
                                 report.meter.version, to_string(report.time));
  for (const wire::Reading& r : report.readings) {
    const auto* number = std::get_if<Decimal>(&r.value);
    const auto* words = std::get_if<std::string>(&r.value);
    text += fmt::format(
        "{} {} = {}{}{}{}{}\n", r.id, r.quantity, number != nullptr ? to_string(*number) : *words,
        r.unit.empty() ? "" : " ", r.unit,
        r.time.precision == wire::MeterTime::Precision::kNone ? "" : " @ " + to_string(r.time),
        r.note.empty() ? "" : " (" + r.note + ")");
  }
  for (const wire::Event& e : report.events)
    text += fmt::format("event {} @ {}\n", e.text, to_string(e.time));
  for (const wire::Unknown& u : report.unknown) text += fmt::format("unknown {} {}\n", u.id, u.hex);
  return text;
}

Bytes read_capture(const std::string& name) {
  std::ifstream in(AMITY_SOURCE_DIR "/../shared/data/frames/p1/" + name, std::ios::binary);
  return Bytes((std::istreambuf_iterator<char>(in)), {});
}

struct Capture {
  const char* file;
  const char* expected;
};
const Capture kCaptures[] = {
    {"telegram_sagemcom_t210_d_r.txt",
     "EST  50 2022-10-06T15:50:14\n"
     "1-0:1.8.0 active energy import = 6545766 Wh\n"
     "1-0:1.8.1 active energy import = 5017120 Wh\n"
     "1-0:1.8.2 active energy import = 1528646 Wh\n"
     "1-0:1.7.0 active power import = 286 W\n"
     "1-0:2.8.0 active energy export = 58 Wh\n"
     "1-0:2.8.1 active energy export = 0 Wh\n"
     "1-0:2.8.2 active energy export = 58 Wh\n"
     "1-0:2.7.0 active power export = 0 W\n"
     "1-0:3.8.0 reactive energy import = 747 varh\n"
     "1-0:3.8.1 reactive energy import = 0 varh\n"
     "1-0:3.8.2 reactive energy import = 747 varh\n"
     "1-0:3.7.0 reactive power import = 0 var\n"
     "1-0:4.8.0 reactive energy export = 3897726 varh\n"
     "1-0:4.8.1 reactive energy export = 2692848 varh\n"
     "1-0:4.8.2 reactive energy export = 1204878 varh\n"
     "1-0:4.7.0 reactive power export = 166 var\n"},
    {"telegram_v2_2.txt",
     "ISk 00000000000000  \n"
     "1-0:1.8.1 active energy import = 1001 Wh\n"
     "1-0:1.8.2 active energy import = 1001 Wh\n"
     "1-0:2.8.1 active energy export = 1001 Wh\n"
     "1-0:2.8.2 active energy export = 1001 Wh\n"
     "0-0:96.14.0 tariff indicator = 1\n"
     "1-0:1.7.0 active power import = 1010 W\n"
     "1-0:2.7.0 active power export = 0 W\n"
     "0-0:17.0.0 limiter threshold = 999000 W\n"
     "0-0:96.3.10 switch position = 1\n"
     "0-1:24.3.0 volume = 1.001 m3 @ 2016-11-07T19:00:00 (gas meter 000000000000)\n"
     "0-1:24.4.0 valve position = 1 (gas meter 000000000000)\n"},
    {"telegram_v3.txt",
     "ISk K8EG004046395507  \n"
     "1-0:1.8.1 active energy import = 12345678 Wh\n"
     "1-0:1.8.2 active energy import = 12345678 Wh\n"
     "1-0:2.8.1 active energy export = 12345678 Wh\n"
     "1-0:2.8.2 active energy export = 12345678 Wh\n"
     "0-0:96.14.0 tariff indicator = 2\n"
     "1-0:1.7.0 active power import = 1190 W\n"
     "1-0:2.7.0 active power export = 0 W\n"
     "0-0:17.0.0 limiter threshold = 16 A\n"
     "0-0:96.3.10 switch position = 1\n"
     "0-0:96.13.1 text message = 012345678\n"
     "0-0:96.13.0 text message = "
     "0123456789:;<=>?0123456789:;<=>?0123456789:;<=>?0123456789:;<=>?0123456789:;<=>?\n"
     "0-1:24.3.0 volume = 1.001 m3 @ 2009-02-12T16:00:00 (gas meter 2222ABCD123456789)\n"
     "0-1:24.4.0 valve position = 1 (gas meter 2222ABCD123456789)\n"},
    {"telegram_v4_2.txt",
     "KFM 3960221976967177082151037881335713 42 2016-11-13T20:57:57\n"
     "1-0:1.8.1 active energy import = 1581123 Wh\n"
     "1-0:1.8.2 active energy import = 1435706 Wh\n"
     "1-0:2.8.1 active energy export = 0 Wh\n"
     "1-0:2.8.2 active energy export = 0 Wh\n"
     "0-0:96.14.0 tariff indicator = 2\n"
     "1-0:1.7.0 active power import = 2027 W\n"
     "1-0:2.7.0 active power export = 0 W\n"
     "0-0:96.7.21 power failures = 15\n"
     "0-0:96.7.9 long power failures = 7\n"
     "1-0:32.32.0 voltage sags L1 = 0\n"
     "1-0:52.32.0 voltage sags L2 = 0\n"
     "1-0:72.32.0 voltage sags L3 = 0\n"
     "1-0:32.36.0 voltage swells L1 = 0\n"
     "1-0:52.36.0 voltage swells L2 = 0\n"
     "1-0:72.36.0 voltage swells L3 = 0\n"
     "1-0:31.7.0 current L1 = 0 A\n"
     "1-0:51.7.0 current L2 = 6 A\n"
     "1-0:71.7.0 current L3 = 2 A\n"
     "1-0:21.7.0 active power import L1 = 170 W\n"
     "1-0:22.7.0 active power export L1 = 0 W\n"
     "1-0:41.7.0 active power import L2 = 1247 W\n"
     "1-0:42.7.0 active power export L2 = 0 W\n"
     "1-0:61.7.0 active power import L3 = 209 W\n"
     "1-0:62.7.0 active power export L3 = 0 W\n"
     "0-1:24.2.1 volume = 981.443 m3 @ 2016-11-29T20:00:00 (gas meter "
     "4819243993373755377509728609491464)\n"
     "event power failure of 237126 s @ 2000-01-04T18:03:20\n"
     "event power failure of 2147583646 s @ 2000-01-01T00:00:01\n"
     "event power failure of 2317482647 s @ 2000-01-02T00:00:03\n"},
    {"telegram_v5.txt",
     "ISk K8EG004046395507 50 2017-01-02T19:20:02\n"
     "1-0:1.8.1 active energy import = 4426 Wh\n"
     "1-0:1.8.2 active energy import = 2399 Wh\n"
     "1-0:2.8.1 active energy export = 2444 Wh\n"
     "1-0:2.8.2 active energy export = 0 Wh\n"
     "0-0:96.14.0 tariff indicator = 2\n"
     "1-0:1.7.0 active power import = 244 W\n"
     "1-0:2.7.0 active power export = 0 W\n"
     "0-0:96.7.21 power failures = 13\n"
     "0-0:96.7.9 long power failures = 0\n"
     "1-0:32.32.0 voltage sags L1 = 0\n"
     "1-0:52.32.0 voltage sags L2 = 0\n"
     "1-0:72.32.0 voltage sags L3 = 0\n"
     "1-0:32.36.0 voltage swells L1 = 0\n"
     "1-0:52.36.0 voltage swells L2 = 0\n"
     "1-0:72.36.0 voltage swells L3 = 0\n"
     "1-0:32.7.0 voltage L1 = 230.0 V\n"
     "1-0:52.7.0 voltage L2 = 230.0 V\n"
     "1-0:72.7.0 voltage L3 = 229.0 V\n"
     "1-0:31.7.0 current L1 = 0.48 A\n"
     "1-0:51.7.0 current L2 = 0.44 A\n"
     "1-0:71.7.0 current L3 = 0.86 A\n"
     "1-0:21.7.0 active power import L1 = 70 W\n"
     "1-0:41.7.0 active power import L2 = 32 W\n"
     "1-0:61.7.0 active power import L3 = 142 W\n"
     "1-0:22.7.0 active power export L1 = 0 W\n"
     "1-0:42.7.0 active power export L2 = 0 W\n"
     "1-0:62.7.0 active power export L3 = 0 W\n"
     "0-1:24.2.1 volume = 0.107 m3 @ 2017-01-02T16:10:05 (gas meter 2222ABCD123456789)\n"},
};

TEST(P1, CapturesOfRealMeters) {
  if (read_capture(kCaptures[0].file).empty()) GTEST_SKIP() << "no captures beside the source";
  for (const Capture& capture : kCaptures) {
    TelegramSplitter splitter;
    splitter.add(read_capture(capture.file));
    auto telegram = splitter.next();
    if (!telegram) telegram = splitter.finish();
    ASSERT_TRUE(telegram) << capture.file;
    Decoder decoder;
    wire::Report report;
    const Status status = decoder.decode(*telegram, report);
    EXPECT_TRUE(status.ok()) << capture.file << ": " << to_string(status.error());
    EXPECT_EQ(summary(report), capture.expected) << capture.file;
  }
}

// What a Belgian meter with a gas and a water meter behind it sends.
Bytes belgian_telegram(bool with_crc = true) {
  Bytes telegram;
  TelegramWriter writer("FLU5\\253769484_A", telegram);
  writer.line("0-0:96.1.4(50217)");
  writer.text("0-0:96.1.1", "1SAG1100000292");
  writer.line("0-0:1.0.0(230702113005S)");
  writer.number("1-0:1.8.1", {4'426, -3}, 6, "kWh");
  writer.number("1-0:16.7.0", {-5, -3}, 2, "kW");
  writer.line("1-0:1.4.0(00.193*kW)");
  writer.line("1-0:1.6.0(230702111500S)(02.174*kW)");
  writer.line(
      "0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(230501000000S)(230423192538S)(03.695*kW)"
      "(230601000000S)(230512121500S)(05.980*kW)");
  writer.line("0-0:96.3.10(1)");
  writer.line("0-0:17.0.0(999.9*kW)");
  writer.line("1-0:31.4.0(999*A)");
  writer.text("0-0:96.13.0", "Maintenance \"tonight\"");
  writer.line("0-1:24.1.0(003)");
  writer.text("0-1:96.1.1", "7FLO2112345678");
  writer.line("0-1:24.4.0(1)");
  writer.line("0-1:24.2.3(230702112500S)(00112.384*m3)");
  writer.line("0-2:24.1.0(007)");
  writer.line("0-2:24.2.1(230702112500S)(00872.234*m3)");
  writer.line("9-9:1.2.3(what)");
  writer.finish(with_crc);
  return telegram;
}

const char* kBelgian =
    "FLU 1SAG1100000292 50217 2023-07-02T11:30:05\n"
    "1-0:1.8.1 active energy import = 4426 Wh\n"
    "1-0:16.7.0 active power net = -5 W\n"
    "1-0:1.4.0 active power import = 193 W\n"
    "1-0:1.6.0 active power import = 2174 W @ 2023-07-02T11:15:00\n"
    "0-0:98.1.0 active power import = 3695 W @ 2023-04-23T19:25:38\n"
    "0-0:98.1.0 active power import = 5980 W @ 2023-05-12T12:15:00\n"
    "0-0:96.3.10 switch position = 1\n"
    "0-0:17.0.0 limiter threshold = 999900 W\n"
    "1-0:31.4.0 fuse threshold = 999 A\n"
    "0-0:96.13.0 text message = Maintenance \"tonight\"\n"
    "0-1:24.4.0 valve position = 1 (gas meter 7FLO2112345678)\n"
    "0-1:24.2.3 volume = 112.384 m3 @ 2023-07-02T11:25:00 (gas meter 7FLO2112345678)\n"
    "0-2:24.2.1 volume = 872.234 m3 @ 2023-07-02T11:25:00 (water)\n"
    "unknown 9-9:1.2.3 287768617429\n";

TEST(P1, ABelgianTelegram) {
  Decoder decoder;
  wire::Report report;
  ASSERT_TRUE(decoder.decode(belgian_telegram(), report).ok());
  EXPECT_EQ(summary(report), kBelgian);
  EXPECT_TRUE(report.time.daylight_saving);
  EXPECT_TRUE(report.details.empty());
  ASSERT_TRUE(decoder.decode(belgian_telegram(false), report).ok());
  ASSERT_EQ(report.details.size(), 1u);
  EXPECT_EQ(report.details[0].second, "none");
}

TEST(P1, ACrcWithoutItsLeadingZerosIsTheSame) {
  for (int i = 0; i < 2'000; ++i) {
    Bytes telegram;
    TelegramWriter writer("ISK5\\2M550", telegram);
    writer.number("1-0:1.8.1", {i, -3}, 6, "kWh");
    writer.finish();
    const std::size_t crc_at = telegram.size() - 6;
    if (telegram[crc_at] != '0' || telegram[crc_at + 1] == '0') continue;
    telegram.erase(telegram.begin() + static_cast<std::ptrdiff_t>(crc_at));
    Decoder decoder;
    wire::Report report;
    EXPECT_TRUE(decoder.decode(telegram, report).ok());
    EXPECT_TRUE(report.details.empty()) << "a CRC was there";
    return;
  }
  FAIL() << "no telegram with such a CRC";
}

TEST(P1, AnEncryptedTelegramOpensWithItsKeyAlone) {
  const SmartyKey key{Bytes(16, 0xA5), {}}, wrong{Bytes(16, 0xA4), {}};
  const Bytes title = from_hex("5341473500000001").value();
  Bytes frame;
  ASSERT_TRUE(seal_telegram(belgian_telegram(), title, 7, key, frame).ok());
  EXPECT_EQ(to_hex(ByteView(frame).first(2)), "DB08");
  wire::Report report;
  ASSERT_TRUE(Decoder({wrong, key}).decode(frame, report).ok());
  EXPECT_EQ(summary(report), kBelgian);
  EXPECT_EQ(report.security.mode, "aes-gcm");
  EXPECT_TRUE(report.security.ok);

  const Status refused = Decoder({wrong}).decode(frame, report);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kSecurity);
  EXPECT_TRUE(report.readings.empty());
  EXPECT_FALSE(report.security.ok);
  for (std::size_t bit = 0; bit < frame.size() * 8; bit += 5) {
    Bytes changed = frame;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(Decoder({key}).decode(changed, report).ok()) << "bit " << bit;
    EXPECT_TRUE(report.readings.empty());
  }
  // The frame's parts, put together with OpenSSL by hand: nonce = title, counter; 30 and the common
  // key.
  const ByteView sealed = ByteView(frame).subspan(18);
  Bytes plain;
  crypto::AesGcm gcm(key.encryption);
  ASSERT_TRUE(gcm.open(from_hex("534147350000000100000007").value(),
                       from_hex("3000112233445566778899AABBCCDDEEFF").value(),
                       sealed.first(sealed.size() - 12), sealed.last(12), plain)
                  .ok());
  EXPECT_EQ(to_hex(plain), to_hex(belgian_telegram()));
}

TEST(P1, TheSplitterFindsTelegramsInNoiseWhateverThePieces) {
  const Bytes telegram = belgian_telegram();
  Bytes encrypted;
  ASSERT_TRUE(seal_telegram(telegram, Bytes(8, 1), 1, {Bytes(16, 2), {}}, encrypted).ok());
  Bytes stream = {0xDB, 0x07, 'x', '\n'};
  append(stream, ByteView(telegram).first(100));
  append(stream, as_bytes("\n"));
  append(stream, telegram);
  append(stream, encrypted);
  append(stream, telegram);
  for (std::size_t piece = 1; piece < 300; piece += 7) {
    TelegramSplitter splitter;
    std::vector<std::string> found;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      splitter.add(ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
      while (const auto next = splitter.next()) found.emplace_back(to_hex(*next));
    }
    ASSERT_EQ(found.size(), 3u) << "pieces of " << piece;
    EXPECT_EQ(found[0], to_hex(ByteView(telegram).first(telegram.size() - 2)));
    EXPECT_EQ(found[1], to_hex(encrypted));
    EXPECT_EQ(found[2], found[0]);
  }
}

TEST(P1, CutOrChangedATelegramIsRefused) {
  const Bytes telegram = belgian_telegram();
  Decoder decoder;
  wire::Report report;
  // Without its last line end it is whole; without any digit of its CRC it is as one of DSMR 2.2.
  for (std::size_t cut = 0; cut + 6 < telegram.size(); ++cut) {
    const Status status = decoder.decode(ByteView(telegram).first(cut), report);
    ASSERT_FALSE(status.ok()) << cut;
    EXPECT_LE(status.error().offset, cut);
    EXPECT_TRUE(report.readings.empty());
  }
  for (std::size_t bit = 0; bit < (telegram.size() - 6) * 8; ++bit) {
    Bytes changed = telegram;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(decoder.decode(changed, report).ok()) << "bit " << bit;
  }
}

}  // namespace
}  // namespace amity::p1
