#include "edge/message.h"

#include <gtest/gtest.h>

#include "edge/batch.h"

namespace amity::edge {
namespace {

std::vector<Message> one_of_each() {
  Digest digest;
  digest.fill(0xAB);
  return {Hello{1, {1, 2, 3}, 7, 9, 4, "0.9", "x86_64"},
          Welcome{1, 6, 1'790'000'000},
          Refused{"no edge is registered as \"x\""},
          BatchSent{7, Bytes(300, 5)},
          Acknowledged{7},
          EdgeStatus{1u << 30, 12, 20'000, 20, 1},
          ConfigurationOffer{5, "[[meter]]\n"},
          ConfigurationReport{5, "line 1: no"},
          UpdateOffer{"amity-update 1\n", Bytes(64, 9)},
          UpdateAsk{digest, 65'536},
          UpdatePiece{digest, 65'536, Bytes(1000, 1)},
          UpdateReport{digest, ""},
          CommandOrder{77, "12345678", kCommandKindLast, 300, "off"}};
}

TEST(EdgeMessage, EachIsReadAsItWasWrittenHoweverItIsCut) {
  Bytes stream;
  for (const Message& message : one_of_each()) append(stream, encode_message(message));
  MessageStream in;
  std::vector<Message> out;
  for (const std::uint8_t byte : stream) {
    in.add(ByteView(&byte, 1));
    while (true) {
      auto message = in.next();
      ASSERT_TRUE(message.ok()) << to_string(message.error());
      if (!*message) break;
      out.push_back(std::move(**message));
    }
  }
  EXPECT_TRUE(out == one_of_each());
}

// Edges of protocol 1 and 2 do not say what time it is.
TEST(EdgeMessage, AStatusMayHaveTheTimeOrNot) {
  EdgeStatus with{1, 2, 3, 4, 5, 1'790'000'000'123};
  const Bytes bytes = encode_message(with);
  EXPECT_TRUE(decode_message(ByteView(bytes).subspan(4)).value() == Message(with));
  with.time_ms.reset();
  EXPECT_TRUE(decode_message(ByteView(encode_message(with)).subspan(4)).value() == Message(with));
  EXPECT_FALSE(decode_message(ByteView(bytes).subspan(4, bytes.size() - 5)).ok());
}

TEST(EdgeMessage, CutShortIsAnErrorAndNoLengthIsBelieved) {
  for (const Message& message : one_of_each()) {
    const Bytes whole = encode_message(message);
    for (std::size_t size = 4; size < whole.size(); ++size)
      EXPECT_FALSE(decode_message(ByteView(whole).subspan(4, size - 4)).ok())
          << message.index() << " " << size;
  }
  MessageStream in;
  in.add(Bytes{0x7F, 0xFF, 0xFF, 0xFF, 1});
  EXPECT_FALSE(in.next().ok());
}

Batch readings() {
  Device device;
  device.id = DeviceId(3);
  device.serial = "12345678";
  device.protocol = "mbus";
  Channel channel;
  channel.id = ChannelId(9);
  channel.device = device.id;
  channel.kind = ChannelKind::kRegister;
  channel.name = "energy";
  channel.unit = Unit::kWattHour;
  channel.exponent = 3;
  return {{device},
          {channel},
          ReadingsArrived{"headend",
                          UtcSeconds(1'790'000'000),
                          {{ChannelId(9), UtcSeconds(1'789'999'000), -5, {}},
                           {ChannelId(9), UtcSeconds(1'789'999'900), 7, Quality{2}}}}};
}

TEST(EdgeBatch, ComesBackAsItWas) {
  const auto bytes = encode_batch(readings());
  ASSERT_TRUE(bytes.ok());
  const auto batch = decode_batch(*bytes);
  ASSERT_TRUE(batch.ok()) << to_string(batch.error());
  EXPECT_EQ(batch->devices[0].serial, "12345678");
  EXPECT_EQ(batch->channels[0].name, "energy");
  EXPECT_EQ(batch->channels[0].exponent, 3);
  EXPECT_EQ(std::get<ReadingsArrived>(batch->fact).readings,
            std::get<ReadingsArrived>(readings().fact).readings);
  for (std::size_t size = 0; size < bytes->size(); ++size)
    EXPECT_FALSE(decode_batch(ByteView(*bytes).first(size)).ok());
}

TEST(EdgeBatch, SpeaksOfNothingThatItDoesNotName) {
  Batch stranger = readings();
  std::get<ReadingsArrived>(stranger.fact).readings[0].channel = ChannelId(10);
  EXPECT_FALSE(decode_batch(*encode_batch(stranger)).ok());
  Batch orphan = readings();
  orphan.channels[0].device = DeviceId(4);
  EXPECT_FALSE(decode_batch(*encode_batch(orphan)).ok());
  Batch order = readings();
  order.fact = CommandRequested{};
  EXPECT_FALSE(decode_batch(*encode_batch(order)).ok());
  CommandChanged settled;
  settled.device = DeviceId(4);
  order.fact = settled;
  EXPECT_FALSE(decode_batch(*encode_batch(order)).ok());
}

TEST(EdgeBatch, SaysWhereAMeterHangsAndWhatBecameOfACommand) {
  Batch batch = readings();
  batch.service_points[DeviceId(3)] = "SP-7";
  EXPECT_EQ(decode_batch(*encode_batch(batch))->service_points, batch.service_points);
  CommandChanged settled;
  settled.id = CommandId(9);
  settled.state = CommandState::kDone;
  settled.result = "4 registers";
  const auto told = decode_batch(*encode_batch({{}, {}, settled}));
  ASSERT_TRUE(told.ok()) << to_string(told.error());
  EXPECT_EQ(std::get<CommandChanged>(told->fact).result, "4 registers");
}

// A batch of version 1, as edges of protocol 1 have it on their disks.
TEST(EdgeBatch, OfTheFirstVersionIsRead) {
  const Bytes body = *from_hex(
      "01"  // version
      "01"
      "03"
      "083132333435363738"
      "034b414d"
      "00"
      "046d627573"
      "8407"  // one device
      "00"    // no channels
      "05"
      "03"
      "80ee89ab0d"
      "01"
      "00"
      "00"
      "00");  // a contact that was made
  const auto batch = decode_batch(body);
  ASSERT_TRUE(batch.ok()) << to_string(batch.error());
  EXPECT_EQ(batch->devices[0].serial, "12345678");
  EXPECT_EQ(batch->devices[0].interval_s, 900u);
  EXPECT_TRUE(batch->service_points.empty());
  EXPECT_EQ(std::get<ContactMade>(batch->fact).at, UtcSeconds(1'790'000'000));
}

}  // namespace
}  // namespace amity::edge
