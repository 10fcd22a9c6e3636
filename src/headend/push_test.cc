// Pushes: duplicates, late ones, replays, downgrades, conflicts, slow and greedy connections.
#include <gtest/gtest.h>

#include "headend/fakes.h"
#include "headend/headend.h"
#include "headend/test_meter.h"
#include "wire/dlms/data_value.h"
#include "wire/dlms/notification.h"
#include "wire/dlms/wrapper.h"

namespace amity::headend {
namespace {

using namespace std::chrono_literals;

constexpr UtcSeconds kStart{1'790'000'000 / 3'600 * 3'600 + 960};
const Endpoint kPushTcp{"10.9.9.9", 4061}, kPushUdp{"10.9.9.9", 4062}, kMeterAt{"10.0.0.1", 4059};
constexpr dlms::SecurityPolicy kFull{dlms::SecuritySuite::k0, true, true};

struct Sender : Stream::Handler {
  void on_open() override { open = true; }
  void on_bytes(ByteView) override {}
  void on_closed(const Error&) override { closed = true; }
  bool open = false, closed = false;
};

struct PushTest : ::testing::Test {
  TestLoop loop{kStart};
  FakeRegistry registry;
  FakeReadings readings;
  FakeEvents events;
  FakeIntake intake{readings, events};
  std::unique_ptr<KeyRing> ring;
  std::unique_ptr<TestMeter> meter;
  std::unique_ptr<HeadEnd> headend;

  void SetUp() override {
    ring = std::move(KeyRing::open(registry, Bytes(32, 1), loop, false)).value();
    DeviceKeys keys;
    keys.mechanism = dlms::Mechanism::kHighGmac;
    keys.policy = kFull;
    keys.client_title = {'A', 'M', 'Y', 0, 0, 0, 0, 1};
    keys.meter_title = dlms::SystemTitle{'A', 'M', 'T', 0, 0, 0, 0, 1};
    keys.current = {Bytes(16, 0x11), Bytes(16, 0xD1)};
    meter = std::make_unique<TestMeter>(loop, kMeterAt, keys);
    meter->fill(kStart - 7'200, kStart);
    Device device;
    device.id = DeviceId(1);
    device.protocol = "dlms";
    device.address = "dlms+tcp://" + kMeterAt.to_string() + "?client=1&server=1";
    registry.device_map[1] = device;
    ASSERT_TRUE(ring->put(device.id, keys).ok());
    HeadEndConfig config;
    config.push.tcp = kPushTcp;
    config.push.udp = kPushUdp;
    config.push.connections_max = 3;
    config.read.interval_s = 86'400;
    config.read.backfill_s = 86'400;
    config.read.catch_up_s = 0;
    headend = std::make_unique<HeadEnd>(loop.runtime(), registry, readings, events, intake, *ring, config, [](Fact) {});
    ASSERT_TRUE(headend->start().ok());
    loop.run_for(30s);  // read once: the layout is known
    ASSERT_EQ(headend->stats().contacts_ok, 1u);
    before = imports().size();
  }

  std::map<std::int64_t, Reading>& imports() {
    for (const Channel& c : registry.channel_list) {
      if (c.source == "1-0:1.29.0*255") return readings.kept[c.id.value];
    }
    return readings.kept[0];
  }
  TestRow next_row(int n = 1) {
    return {UtcSeconds(kStart.value / 900 * 900 + std::int64_t{n} * 900), 0, static_cast<std::uint32_t>(40 + n)};
  }
  Bytes pushed(const TestRow& row, const dlms::SecurityPolicy& security = kFull) {
    return std::move(meter->push(std::span(&row, 1), security)).value();
  }
  void send(const Bytes& bytes) {
    loop.datagram(kMeterAt, kPushUdp, bytes);
    loop.run_for(1s);
  }
  std::size_t before = 0;
};

TEST_F(PushTest, OverUdp) {
  loop.run_for(900s);
  send(pushed(next_row()));
  ASSERT_EQ(imports().size(), before + 1);
  EXPECT_EQ(imports()[next_row().time.value].value, 41);
  EXPECT_EQ(headend->stats().pushes_accepted, 1u);
}

TEST_F(PushTest, OverTcpInPieces) {
  loop.run_for(900s);
  Sender sender;
  auto stream = loop.connect(kPushTcp, 1s, &sender);
  loop.run_for(1s);
  ASSERT_TRUE(sender.open);
  const Bytes bytes = pushed(next_row());
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    stream->send(Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                       bytes.begin() + static_cast<std::ptrdiff_t>(std::min(i + 7, bytes.size()))));
    loop.run_for(100ms);
  }
  EXPECT_EQ(imports().size(), before + 1);
}

TEST_F(PushTest, ADuplicateChangesNothingAndALatePushIsTaken) {
  loop.run_for(2'700s);
  send(pushed(next_row(3)));
  send(pushed(next_row(3)));  // sent anew by the meter, with a new counter
  send(pushed(next_row(1)));  // late
  EXPECT_EQ(imports().size(), before + 2);
  EXPECT_EQ(intake.applied.corrected, 0u);
  EXPECT_EQ(headend->stats().pushes_accepted, 3u);
}

TEST_F(PushTest, AReplayIsRefusedAlsoAfterARestartOfTheKeyRing) {
  loop.run_for(900s);
  const Bytes bytes = pushed(next_row());
  send(bytes);
  const auto deliveries = intake.deliveries.size();
  send(bytes);
  EXPECT_EQ(headend->stats().pushes_accepted, 1u);
  EXPECT_EQ(headend->stats().pushes_refused, 1u);
  EXPECT_EQ(intake.deliveries.size(), deliveries);
  EXPECT_EQ(events.count("replayed push refused"), 1u);
  auto again = KeyRing::open(registry, Bytes(32, 1), loop, false);
  ASSERT_TRUE(again.ok());
  EXPECT_GT((*again)->counters().peer_high_water({DeviceId(1), 1}), 0u);
}

TEST_F(PushTest, ADowngradeIsRefused) {
  loop.run_for(900s);
  send(pushed(next_row(), {dlms::SecuritySuite::k0, true, false}));
  send(pushed(next_row(), {}));
  EXPECT_EQ(imports().size(), before);
  EXPECT_EQ(headend->stats().pushes_refused, 2u);
  EXPECT_EQ(events.count("below the security policy"), 2u);
}

TEST_F(PushTest, AContradictionIsAnEventAndAVersion) {
  loop.run_for(900s);
  TestRow row = meter->rows.back();
  row.import_wh += 5;
  send(pushed(row));
  EXPECT_EQ(events.count("contradicts"), 1u);
  EXPECT_EQ(intake.applied.corrected, 1u);
}

TEST_F(PushTest, ImpossibleTimesAreQuarantined) {
  TestRow row = next_row();
  row.time = row.time + 10ll * 365 * 86'400;
  send(pushed(row));
  EXPECT_EQ(imports().size(), before);
  EXPECT_EQ(events.count("quarantined"), 1u);
}

TEST_F(PushTest, WhatCouldNotBeKeptIsReadLater) {
  loop.run_for(900s);
  intake.fail = true;
  send(pushed(next_row()));
  EXPECT_EQ(imports().size(), before);
  intake.fail = false;
  meter->fill(kStart, kStart + 900);
  loop.run_for(10min);
  EXPECT_EQ(imports().size(), before + 1);
}

TEST_F(PushTest, WhatTheListenerHearsForAnotherShardIsForwardedThere) {
  HeadEndConfig config;
  config.shards = 2;
  config.shard = 0;  // device 1 is of shard 1
  config.push.udp = kPushUdp;
  headend.reset();
  HeadEnd listener(loop.runtime(), registry, readings, events, intake, *ring, config, [](Fact) {});
  config.shard = 1;
  config.push = {};
  config.read.catch_up_s = 0;
  HeadEnd reader(loop.runtime(), registry, readings, events, intake, *ring, config, [](Fact) {});
  listener.set_forward([&](const dlms::Pushed& pushed, const Endpoint& from) { reader.hear(pushed, from); });
  ASSERT_TRUE(listener.start().ok());
  ASSERT_TRUE(reader.start().ok());
  loop.run_for(900s);
  send(pushed(next_row()));
  EXPECT_EQ(imports().size(), before + 1);
  EXPECT_EQ(listener.stats().pushes_accepted, 0u);
  EXPECT_EQ(reader.stats().pushes_accepted, 1u);
}

TEST_F(PushTest, ASlowLorisIsCutOff) {
  Sender sender;
  auto stream = loop.connect(kPushTcp, 1s, &sender);
  loop.run_for(1s);
  const Bytes bytes = pushed(next_row());
  for (int i = 0; i < 20 && !sender.closed; ++i) {
    stream->send(Bytes{bytes[static_cast<std::size_t>(i)]});
    loop.run_for(1s);
  }
  EXPECT_TRUE(sender.closed);
  EXPECT_EQ(headend->stats().push_connections, 0u);
}

TEST_F(PushTest, ConnectionsAreCapped) {
  std::vector<std::unique_ptr<Sender>> senders;
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 10; ++i) {
    senders.push_back(std::make_unique<Sender>());
    streams.push_back(loop.connect(kPushTcp, 1s, senders.back().get()));
  }
  loop.run_for(1s);
  EXPECT_EQ(headend->stats().push_connections, 3u);
  EXPECT_EQ(std::count_if(senders.begin(), senders.end(), [](const auto& s) { return s->closed; }), 7);
}

TEST_F(PushTest, NoiseHarmsNobody) {
  for (int i = 0; i < 2'000; ++i) {
    Bytes noise(loop.below(200));
    loop.fill(noise);
    loop.datagram({"10.66.66.66", 1}, kPushUdp, noise);
  }
  loop.run_for(1s);
  EXPECT_EQ(imports().size(), before);
  EXPECT_EQ(headend->stats().pushes_accepted, 0u);
}

// Number, active energy with its scaler and unit; no push set-up is known of such a meter.
Bytes plain_push(std::string_view number, std::uint32_t energy) {
  Bytes body, apdu, frame;
  dlms::DataWriter data(body);
  data.array(2);
  data.structure(2);
  data.octet_string(dlms::Obis(0, 0, 96, 1, 0, 255));
  data.visible_string(number);
  data.structure(3);
  data.octet_string(dlms::Obis(1, 0, 1, 8, 0, 255));
  data.uint32(energy);
  data.structure(2);
  data.int8(1);
  data.enumeration(30);
  dlms::encode(dlms::DataNotification{{}, {}, body}, apdu);
  EXPECT_TRUE(encode(dlms::WrapperFrame{1, 1, apdu}, frame).ok());
  return frame;
}

TEST_F(PushTest, OfADeviceThatNobodyPollsFillsChannelsByWhatItSays) {
  Device device;
  device.id = DeviceId(2);
  device.protocol = "dlms";
  device.serial = "7359992890000042";
  device.address = "dlms:";
  registry.device_map[2] = device;
  loop.datagram({"10.0.0.77", 4059}, kPushUdp, plain_push("7359992890000042", 123));
  loop.run_for(1s);
  const auto channel = std::find_if(registry.channel_list.begin(), registry.channel_list.end(),
                                    [](const Channel& c) { return c.device == DeviceId(2); });
  ASSERT_NE(channel, registry.channel_list.end());
  EXPECT_EQ(channel->name, "active_energy_import");
  ASSERT_EQ(readings.kept[channel->id.value].size(), 1u);
  EXPECT_EQ(rescale(Decimal{readings.kept[channel->id.value].begin()->second.value, channel->exponent}, 0).value(),
            1230);
  EXPECT_EQ(headend->stats().pushes_accepted, 1u);
  loop.datagram({"10.0.0.78", 4059}, kPushUdp, plain_push("7359992890000099", 5));
  loop.run_for(1s);
  EXPECT_EQ(headend->stats().pushes_refused, 1u) << "nobody's";
  DeviceKeys keys;
  keys.policy = kFull;
  keys.current = {Bytes(16, 0x33), Bytes(16, 0xD3)};
  ASSERT_TRUE(ring->put(device.id, keys).ok());
  loop.datagram({"10.0.0.77", 4059}, kPushUdp, plain_push("7359992890000042", 999));
  loop.run_for(1s);
  EXPECT_EQ(headend->stats().pushes_refused, 2u) << "its key demands protection";
  EXPECT_EQ(readings.kept[channel->id.value].size(), 1u);
}

}  // namespace
}  // namespace amity::headend
