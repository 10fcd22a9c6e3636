// CoAP pushes in virtual time: acknowledged when kept, repeated, in blocks, refused.
#include "headend/heard/coap_listener.h"
#include "headend/heard/test_heard.h"

namespace amity::heard {
namespace {

const Endpoint kCoap{"10.9.9.9", 5683}, kMeter{"10.0.0.7", 40'000};
// A water meter without encryption: 850.427 m3.
const Bytes kWater = *from_hex("14442D2C010000001B167A2A0000000C1327048500");

struct Coap : HeardTest {
  std::unique_ptr<CoapListener> listener;
  std::unique_ptr<DatagramSocket> meter;
  std::vector<std::string> answers;  // "ACK 2.04 id 7"

  void SetUp() override {
    HeardTest::SetUp();
    listener = std::make_unique<CoapListener>(*sink);
    ASSERT_TRUE(listener->listen(kCoap).ok());
    meter = std::move(loop.open_datagram(kMeter, [this](const Endpoint&, ByteView bytes) {
              const auto m = coap::parse_message(bytes);
              ASSERT_TRUE(m.ok());
              const bool ack = m->type == coap::Type::kAcknowledgement;
              answers.push_back((ack ? "ACK " : "") + std::to_string(m->code >> 5) + "." +
                                std::to_string(m->code & 31) + " id " + std::to_string(m->id));
            })).value();
  }
  void post(std::uint16_t id, ByteView payload, std::optional<coap::Block> block = {},
            std::string path = "m") {
    coap::Message message;
    message.code = coap::kPost;
    message.id = id;
    message.token = {1, 2};
    message.options.push_back({coap::kUriPath, Bytes(path.begin(), path.end())});
    if (block) message.options.push_back(coap::block1_option(*block));
    message.payload.assign(payload.begin(), payload.end());
    meter->send_to(kCoap, *coap::encode_message(std::move(message)));
    loop.run_for(1s);
  }
  std::string last() { return answers.empty() ? "" : answers.back(); }
};

TEST_F(Coap, IsAcknowledgedWhenKeptAndARepetitionGetsTheSameAnswer) {
  add("00000001", "", "wmbus");
  post(7, kWater);
  EXPECT_EQ(kept(), "volume 850427e-3 at -10; ");
  EXPECT_EQ(last(), "ACK 2.4 id 7");
  post(7, kWater);
  EXPECT_EQ(answers.size(), 2u);
  EXPECT_EQ(last(), "ACK 2.4 id 7");
  EXPECT_EQ(sink->counters("coap").frames, 1u);
  EXPECT_EQ(sink->counters("coap").duplicates, 1u);
}

TEST_F(Coap, WhatIsNotKeptIsToBeSentAgain) {
  add("00000001", "", "wmbus");
  intake.fail = true;
  post(7, kWater);
  EXPECT_EQ(last(), "ACK 5.3 id 7");
  intake.fail = false;
  post(8, kWater);
  EXPECT_EQ(last(), "ACK 2.4 id 8");
  EXPECT_NE(kept(), "");
}

TEST_F(Coap, InBlocks) {
  add("00000001", "", "wmbus");
  post(1, ByteView(kWater).first(16), coap::Block{0, true, 0});
  EXPECT_EQ(last(), "ACK 2.31 id 1");
  post(2, ByteView(kWater).subspan(16), coap::Block{1, false, 0});
  EXPECT_EQ(last(), "ACK 2.4 id 2");
  EXPECT_NE(kept(), "");
  post(3, ByteView(kWater).subspan(16), coap::Block{1, false, 0});  // the first is missing
  EXPECT_EQ(last(), "ACK 4.8 id 3");
}

TEST_F(Coap, RefusesWhatItCannotTake) {
  post(1, Bytes{1, 2, 3});
  EXPECT_EQ(last(), "ACK 4.0 id 1");
  post(2, kWater, {}, "other");
  EXPECT_EQ(last(), "ACK 4.4 id 2");
  const DeviceId meter_with_key = add("00000001", "", "wmbus", Bytes(16, 1));
  post(3, kWater);
  EXPECT_EQ(last(), "ACK 4.1 id 3");
  EXPECT_EQ(kept(), "");
  EXPECT_FALSE(events.kept.empty());
  EXPECT_EQ(events.kept[0].device, meter_with_key);
  meter->send_to(kCoap, Bytes{0x40, 0x00, 0x00, 0x09});  // a ping
  loop.run_for(1s);
  EXPECT_EQ(last(), "0.0 id 9");
  meter->send_to(kCoap, Bytes{1, 2, 3});
  loop.run_for(1s);
  EXPECT_EQ(answers.size(), 4u);
}

}  // namespace
}  // namespace amity::heard
