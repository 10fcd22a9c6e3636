// A client and a meter of Meters and More (own framing, not conformance-tested) over a line that
// loses, repeats and cuts.
#include "session/mm/session.h"

#include <gtest/gtest.h>

namespace amity::mm {
namespace {

using std::chrono::seconds;

struct MetersAndMore : ::testing::Test {
  Address client_address = *address_from("0000000000AA"),
          meter_address = *address_from("112233445566");
  dlms::Secret key{ByteView(Bytes(kKeyBytes, 0x42))};
  Contents contents{{{7, {1, 2, 3}}}, {{5, {10, 11, 12, 13}}}, {}};
  std::optional<Client> client;
  std::optional<Meter> meter;
  Instant now{1'000'000};

  void begin(bool authenticated, std::uint32_t client_number = 10,
             std::uint32_t meter_number = 10) {
    ClientConfig config;
    config.own = client_address;
    config.meter = meter_address;
    if (authenticated) config.key = key;
    config.number = client_number;
    client.emplace(*Client::make(config));
    meter.emplace(meter_address, authenticated ? key : dlms::Secret(), meter_number, &contents);
  }
  Bytes said_by_client() {
    Bytes out;
    client->poll_output(out);
    return out;
  }
  Bytes said_by_meter() {
    Bytes out;
    meter->poll_output(out);
    return out;
  }
  // Byte by byte, there and back.
  void exchange() {
    for (const std::uint8_t byte : said_by_client()) meter->on_bytes({&byte, 1});
    for (const std::uint8_t byte : said_by_meter()) client->on_bytes({&byte, 1}, now);
  }
  std::string outcome() {
    const auto event = client->poll_event();
    if (!event) return "nothing";
    if (const auto* failed = std::get_if<Failed>(&*event)) return to_string(failed->error);
    return to_hex(std::get<Answered>(*event).answer.data);
  }
  std::string ask(Attribute attribute, std::uint16_t item, Bytes data = {}, Part part = {}) {
    const Status asked = client->ask(attribute, item, std::move(data), now, part);
    if (!asked.ok()) return to_string(asked.error());
    exchange();
    return outcome();
  }
};

TEST_F(MetersAndMore, ReadsAndWritesAttributesAndTables) {
  for (const bool authenticated : {false, true}) {
    contents.attributes[7] = {1, 2, 3};
    contents.tables[5] = {10, 11, 12, 13};
    begin(authenticated);
    EXPECT_EQ(ask(Attribute::kRead, 7), "010203");
    EXPECT_EQ(ask(Attribute::kWrite, 7, {9}), "");
    EXPECT_EQ(ask(Attribute::kRead, 7), "09");
    EXPECT_EQ(ask(Attribute::kReadTable, 5), "0A0B0C0D");
    EXPECT_EQ(ask(Attribute::kReadTableSelected, 5, {}, {1, 2}), "0B0C");
    EXPECT_EQ(ask(Attribute::kReadTableSelected, 5, {}, {3, 2}),
              "refused: the meter refuses: the table has 4 bytes");
    EXPECT_EQ(ask(Attribute::kWriteTable, 5, {1}), "");
    EXPECT_EQ(ask(Attribute::kResetTable, 5), "");
    EXPECT_EQ(ask(Attribute::kReadTable, 5), "");
    EXPECT_EQ(ask(Attribute::kAddress, 0), "112233445566");
    EXPECT_EQ(ask(Attribute::kRead, 8), "refused: the meter refuses: there is no item 8");
  }
}

TEST_F(MetersAndMore, WhatNoPublicTextGivesIsNotImplementedWithItsReason) {
  begin(true);
  EXPECT_EQ(
      ask(Attribute::kSetIc, 1),
      "unsupported: SETIC is not implemented: the tables of the interface classes (IC) are in "
      "no public text");
  EXPECT_EQ(ask(Attribute::kBufferSelect, 1),
            "unsupported: BUFF_SELECT is not implemented: its operands are in no public text");
  // Nor by the meter, when somebody asks all the same.
  Message request;
  request.attribute = Attribute::kWriteTableIc;
  request.authenticated = true;
  request.source = client_address;
  request.destination = meter_address;
  request.number = 11;
  Bytes bytes;
  ASSERT_TRUE(encode(request, key.view(), bytes).ok());
  meter->on_bytes(bytes);
  const Bytes answer = said_by_meter();
  const auto parsed = parse(answer);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->message.kind, Kind::kRefusal);
  EXPECT_EQ(as_text(parsed->message.data),
            "not implemented: the tables of the interface classes (IC) are in no public text");
}

TEST_F(MetersAndMore, AnAnswerThatIsLostIsAskedForAgainAndNothingHappensTwice) {
  begin(true);
  ASSERT_TRUE(client->ask(Attribute::kWrite, 7, {5}, now).ok());
  meter->on_bytes(said_by_client());
  (void)said_by_meter();  // lost
  contents.attributes[7] = {6};
  now = now + seconds(6);
  client->on_timer(now);
  exchange();
  EXPECT_EQ(outcome(), "");
  EXPECT_EQ(contents.attributes[7], Bytes{6}) << "it was written once more";

  ASSERT_TRUE(client->ask(Attribute::kRead, 7, {}, now).ok());
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_FALSE(said_by_client().empty());
    now = now + seconds(6);
    client->on_timer(now);
  }
  EXPECT_EQ(outcome(), "timeout: no answer");
}

TEST_F(MetersAndMore, ARecordedRequestIsNotDoneAgain) {
  begin(true);
  ASSERT_TRUE(client->ask(Attribute::kWrite, 7, {5}, now).ok());
  const Bytes recorded = said_by_client();
  meter->on_bytes(recorded);
  client->on_bytes(said_by_meter(), now);
  EXPECT_EQ(outcome(), "");
  EXPECT_EQ(ask(Attribute::kWrite, 7, {6}), "");
  meter->on_bytes(recorded);
  const Bytes answer = said_by_meter();
  EXPECT_EQ(as_text(parse(answer)->message.data), "number 11 was used before");
  EXPECT_EQ(contents.attributes[7], Bytes{6});
}

TEST_F(MetersAndMore, WhoDoesNotHaveTheKeyIsNotHeard) {
  begin(true);
  ASSERT_TRUE(client->ask(Attribute::kWrite, 7, {5}, now).ok());
  Bytes request = said_by_client();
  for (std::size_t bit = 0; bit < request.size() * 8; ++bit) {
    Bytes changed = request;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    Meter other(meter_address, key, 10, &contents);
    other.on_bytes(changed);
    Bytes out;
    EXPECT_FALSE(other.poll_output(out)) << "bit " << bit;
    EXPECT_EQ(contents.attributes[7], (Bytes{1, 2, 3})) << "bit " << bit;
  }
  meter->on_bytes(request);
  const Bytes answer = said_by_meter();
  for (std::size_t bit = 0; bit < answer.size() * 8; ++bit) {
    Bytes changed = answer;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    Client one = *client;
    one.on_bytes(changed, now);
    const auto event = one.poll_event();
    EXPECT_TRUE(!event || std::holds_alternative<Failed>(*event)) << "bit " << bit;
  }
  client->on_bytes(answer, now);
  EXPECT_EQ(outcome(), "");
}

}  // namespace
}  // namespace amity::mm
