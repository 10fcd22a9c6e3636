// Telegrams as collectors send them, in virtual time: found, opened, counted once, cut off.
#include <gtest/gtest.h>

#include "headend/heard/frame_listener.h"
#include "headend/heard/test_heard.h"
#include "wire/decode/dlms_conversation.h"
#include "wire/mbus/wireless_frame.h"
#include "wire/p1/telegram.h"

namespace amity::heard {
namespace {

const Endpoint kTcp{"10.9.9.9", 5000}, kUdp{"10.9.9.9", 5001}, kCollector{"10.0.0.7", 40'000};
// OMS, mode 5 and mode 7 of one gas meter, ELS 12345678: 28504.27 m3 (protocols.md, 2).
const Bytes kMode5 = *from_hex(
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0"
    "EA6DEFC955B29D6D69EBF3EC8A");
const Bytes kMode7 = *from_hex(
    "434493157856341233037AC98C2075900F002C25B30A000021924D4FBA372FB66E017A75002007109058475F4BC9D1"
    "281DF878B80A1B0F98B629024AAC7279429398BFC549233C0140829B93BAA1");
const Bytes kKey5 = *from_hex("0102030405060708090A0B0C0D0E0F11");
const Bytes kKey7 = *from_hex("000102030405060708090A0B0C0D0E0F");
// A water meter without encryption: 850.427 m3, access number 2A.
const Bytes kWater = *from_hex("14442D2C010000001B167A2A0000000C1327048500");

struct Sender : Stream::Handler {
  void on_open() override {}
  void on_bytes(ByteView) override {}
  void on_closed(const Error&) override { closed = true; }
  bool closed = false;
};

struct HeardFrames : HeardTest {
  std::unique_ptr<FrameListener> listener;
  std::vector<std::string> cut;

  void SetUp() override {
    HeardTest::SetUp();
    listener = std::make_unique<FrameListener>(
        *sink, [this](const Endpoint& peer, const std::string& why) {
          cut.push_back(peer.host + ": " + why);
        });
    ASSERT_TRUE(listener->listen_tcp(kTcp).ok());
    ASSERT_TRUE(listener->listen_udp(kUdp).ok());
  }
  void datagram(ByteView bytes) {
    loop.datagram(kCollector, kUdp, bytes);
    loop.run_for(1s);
  }
  const Counters& count() { return sink->counters("frames"); }
};

TEST_F(HeardFrames, AnEncryptedTelegramOverUdpIsOpenedWithItsMetersKey) {
  add("12345678", "ELS", "wmbus", kKey5);
  datagram(kMode5);
  EXPECT_EQ(kept(), "volume 28504270e-3 at -10; error_flags 0e0 at -10; ");
  EXPECT_EQ(count().frames, 1u);
  EXPECT_EQ(count().readings, readings.kept.size());
  EXPECT_EQ(contacts, 1u);
}

TEST_F(HeardFrames, HeardByTwoReceiversItCountsOnce) {
  add("00000001", "", "wmbus");
  Bytes line = [] {
    const std::string text = to_hex(kWater) + "\r\n";
    return Bytes(text.begin(), text.end());
  }();
  datagram(kWater);
  const std::string once = kept();
  EXPECT_NE(once, "");
  loop.run_for(30s);
  datagram(line);  // the other receiver sends lines
  EXPECT_EQ(count().duplicates, 1u);
  EXPECT_EQ(kept(), once);
  EXPECT_NE(once.find(" at -10;"), std::string::npos) << once;  // the minute of its arrival
  loop.run_for(600s);
  datagram(kWater);  // the access number came round
  EXPECT_EQ(count().duplicates, 1u);
  EXPECT_EQ(contacts, 1u);
}

// Two meters under one number: each is told of it, and neither one's values become the other's.
TEST_F(HeardFrames, TwoMetersWithOneNumberAreAConflictAndBothAreKept) {
  add("00000001", "", "wmbus");
  Bytes other = kWater;  // the same maker and number, another version and medium
  other[8] = 0x1C;
  other[9] = 0x04;
  other[17] = 0x99;  // and 850.499 m3
  datagram(kWater);
  const std::string first = kept();
  loop.run_for(600s);
  datagram(other);
  datagram(other);
  EXPECT_EQ(kept(), first);
  EXPECT_EQ(count().unknown_meters, 2u);
  std::size_t told = 0;
  for (const Event& event : events.kept) {
    if (event.device == DeviceId(1) && event.text.starts_with("two meters have one number")) ++told;
  }
  EXPECT_EQ(told, 1u);
  const auto known = reports->known_meters().heard();
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0].id, "00000001");
  EXPECT_EQ(known[0].frames, 2u);

  // Of two makers they are two devices, and both are read.
  add("87654321", "KAM", "wmbus");
  add("87654321", "ELS", "wmbus");
  for (const std::uint32_t id : {2u, 3u}) reports->refresh(DeviceId(id));
  Bytes kamstrup = kWater, elster = kWater;
  const Bytes number = *from_hex("21436587");
  for (Bytes* frame : {&kamstrup, &elster})
    std::copy(number.begin(), number.end(), frame->begin() + 4);
  elster[2] = 0x93;
  elster[3] = 0x15;
  datagram(kamstrup);
  datagram(elster);
  EXPECT_EQ(count().unknown_meters, 2u);
  std::set<std::uint32_t> devices;
  for (const Channel& channel : registry.channel_list) devices.insert(channel.device.value);
  EXPECT_EQ(devices, (std::set<std::uint32_t>{1, 2, 3}));
}

TEST_F(HeardFrames, AnUnknownMeterIsCountedAndNothingElse) {
  datagram(kWater);
  EXPECT_EQ(count().unknown_meters, 1u);
  EXPECT_EQ(kept(), "");
  ASSERT_EQ(reports->known_meters().heard().size(), 1u);
  EXPECT_EQ(reports->known_meters().heard()[0].id, "00000001");
}

TEST_F(HeardFrames, AWrongMacIsNeverHalfUsedAndAReplayIsRefused) {
  add("12345678", "ELS", "wmbus", kKey7);
  Bytes scratch;  // without its CRCs, as most receivers hand it out
  const auto frame = mbus::wireless_frame_from(kMode7, scratch);
  ASSERT_TRUE(frame.ok());
  Bytes changed(frame->bytes.begin(), frame->bytes.end());
  changed[50] ^= 1;
  datagram(changed);
  EXPECT_EQ(count().failed_security, 1u);
  EXPECT_EQ(kept(), "");
  datagram(kMode7);
  EXPECT_NE(kept(), "");
  const std::string once = kept();
  datagram(kMode7);  // another receiver
  EXPECT_EQ(count().duplicates, 1u);
  EXPECT_EQ(kept(), once);
}

TEST_F(HeardFrames, APlainTelegramOfAMeterWithAKeyIsRefused) {
  add("00000001", "", "wmbus", kKey5);
  datagram(kWater);
  EXPECT_EQ(kept(), "");
  EXPECT_EQ(count().failed_security, 1u);
}

TEST_F(HeardFrames, OverTcpInPiecesWithAnEncryptedP1Telegram) {
  add("12345678", "ELS", "wmbus", kKey5);
  const DeviceId p1 = add("E0001", "", "p1");
  headend::DeviceKeys keys;
  keys.current.encryption = Bytes(16, 0x55);
  keys.meter_title = dlms::SystemTitle{'S', 'A', 'G', 1, 2, 3, 4, 5};
  ASSERT_TRUE(ring->put(p1, keys).ok());
  Bytes telegram, sealed;
  p1::TelegramWriter writer("KFM5KAIFA-METER", telegram);
  writer.text("0-0:96.1.1", "E0001");
  writer.line("1-0:1.8.1(000004.426*kWh)");
  writer.finish();
  ASSERT_TRUE(
      p1::seal_telegram(telegram, *keys.meter_title, 7, {Bytes(16, 0x55), {}}, sealed).ok());
  Bytes all = kMode5;
  append(all, sealed);
  append(all, sealed);  // once more: a replay, or the same one twice
  Sender sender;
  auto stream = loop.connect(kTcp, 1s, &sender);
  loop.run_for(1s);
  for (std::size_t i = 0; i < all.size(); i += 11) {
    const auto end = std::min(i + 11, all.size());
    stream->send(Bytes(all.begin() + static_cast<std::ptrdiff_t>(i),
                       all.begin() + static_cast<std::ptrdiff_t>(end)));
    loop.run_for(20ms);
  }
  EXPECT_NE(kept().find("volume 28504270e-3"), std::string::npos) << kept();
  EXPECT_NE(kept().find("4426"), std::string::npos) << kept();
  EXPECT_EQ(count().frames, 3u);
  EXPECT_EQ(count().duplicates, 1u);
}

TEST_F(HeardFrames, NonsenseAndSlownessAreCutOff) {
  Sender nonsense, slow;
  auto a = loop.connect(kTcp, 1s, &nonsense);
  auto b = loop.connect(kTcp, 1s, &slow);
  loop.run_for(1s);
  a->send(Bytes(10'000, 0xFF));
  b->send(Bytes(kMode5.begin(), kMode5.begin() + 20));
  loop.run_for(5s);
  EXPECT_TRUE(nonsense.closed);
  EXPECT_FALSE(slow.closed);
  b->send(Bytes{kMode5[20]});  // a byte now and then does not help
  loop.run_for(6s);
  EXPECT_TRUE(slow.closed);
  EXPECT_EQ(count().cut_off, 2u);
  EXPECT_EQ(listener->connections(), 0u);
  ASSERT_EQ(cut.size(), 2u);
  EXPECT_EQ(cut[1], "10.9.9.9: a frame was not whole in time");
}

TEST_F(HeardFrames, WhatTheIntakeRefusesCountsAsNotHeard) {
  add("00000001", "", "wmbus");
  intake.fail = true;
  datagram(kWater);
  EXPECT_EQ(count().not_kept, 1u);
  intake.fail = false;
  loop.run_for(20s);
  datagram(kWater);
  EXPECT_EQ(count().duplicates, 0u);
  EXPECT_NE(kept(), "");
}

// A frame of a model's own (meters/).
driver::TestFrame frame_of(const driver::ModelSet& models, std::string_view file, std::size_t n) {
  for (const driver::MeterModel& model : models.models()) {
    if (model.file == file) return model.frames.at(n);
  }
  ADD_FAILURE() << "no " << file;
  return {};
}

TEST_F(HeardFrames, APlainDlmsPushFillsTheChannelsOfItsModel) {
  add("6970631407654321", "KFM", "dlms");
  const auto push = frame_of(models, "kaifa-ma304.toml", 1);
  datagram(push.frame);
  EXPECT_NE(kept().find("active_energy_import 34567890e0"), std::string::npos) << kept();
  EXPECT_NE(kept().find("current_l2 377e-3"), std::string::npos) << kept();
  EXPECT_EQ(count().frames, 1u);
  EXPECT_EQ(count().undecodable, 0u);
}

TEST_F(HeardFrames, ACipheredDlmsPushIsOpenedWithTheKeyOfItsSenderAndTakenOnce) {
  const DeviceId device = add("78123456", "", "dlms");
  const auto push = frame_of(models, "iskraemeco-am550.toml", 0);
  headend::DeviceKeys keys;
  keys.current = {push.key, push.authentication_key};
  keys.meter_title = dlms::SystemTitle{'I', 'S', 'K', 0x67, 0, 1, 0x23, 0x45};
  datagram(push.frame);
  EXPECT_EQ(count().unknown_meters, 1u) << "nobody has that system title";
  ASSERT_TRUE(ring->put(device, keys).ok());
  Sender sender;
  auto stream = loop.connect(kTcp, 1s, &sender);
  loop.run_for(1s);
  for (std::size_t i = 0; i < push.frame.size(); i += 11) {  // three segments in many pieces
    const auto end = std::min(i + 11, push.frame.size());
    stream->send(Bytes(push.frame.begin() + static_cast<std::ptrdiff_t>(i),
                       push.frame.begin() + static_cast<std::ptrdiff_t>(end)));
    loop.run_for(20ms);
  }
  loop.run_for(1s);
  EXPECT_NE(kept().find("active_energy_export 1384539e0"), std::string::npos) << kept();
  EXPECT_EQ(count().frames, 2u);
  const std::string once = kept();
  datagram(push.frame);
  EXPECT_EQ(count().duplicates, 1u);
  EXPECT_EQ(kept(), once);
}

TEST_F(HeardFrames, ABareCipheredApduIsNotTakenForAnEncryptedP1Telegram) {
  const DeviceId device = add("78123456", "", "dlms");
  const auto push = frame_of(models, "iskraemeco-am550.toml", 0);
  headend::DeviceKeys keys;
  keys.current = {push.key, push.authentication_key};
  keys.meter_title = dlms::SystemTitle{'I', 'S', 'K', 0x67, 0, 1, 0x23, 0x45};
  ASSERT_TRUE(ring->put(device, keys).ok());
  datagram(*decode::apdu_of_frames(push.frame));
  EXPECT_NE(kept().find("active_energy_export 1384539e0"), std::string::npos) << kept();
}

TEST_F(HeardFrames, ADlmsPushWithAWrongTagIsNotUsed) {
  const DeviceId device = add("78123456", "", "dlms");
  const auto push = frame_of(models, "iskraemeco-am550.toml", 0);
  headend::DeviceKeys keys;
  keys.current = {push.key, Bytes(16, 0x77)};
  keys.meter_title = dlms::SystemTitle{'I', 'S', 'K', 0x67, 0, 1, 0x23, 0x45};
  ASSERT_TRUE(ring->put(device, keys).ok());
  datagram(push.frame);
  EXPECT_EQ(count().failed_security, 1u);
  EXPECT_EQ(kept(), "");
}

TEST_F(HeardFrames, AReadoutOfIec62056_21FillsChannels) {
  add("12345678", "", "iec62056-21");
  const std::string readout =
      "/LGZ5ZMD120AP\r\n\x02"
      "0.0.0(12345678)\r\n1.8.0(004426.5*kWh)\r\n!\r\n\x03";
  std::uint8_t check = 0;
  for (std::size_t i = readout.find('\x02') + 1; i < readout.size(); ++i)
    check ^= static_cast<std::uint8_t>(readout[i]);
  Bytes frame(readout.begin(), readout.end());
  frame.push_back(check);
  datagram(frame);
  EXPECT_NE(kept().find("44265"), std::string::npos) << kept();
  frame.back() ^= 1;
  loop.run_for(600s);
  datagram(frame);
  EXPECT_EQ(count().undecodable, 1u);
}

}  // namespace
}  // namespace amity::heard
