// A statement comes back as it was, or not at all.
#include "mdm/rate/statement_codec.h"

#include <gtest/gtest.h>

#include <fstream>

namespace amity::mdm {
namespace {

StatementBody sample() {
  StatementBody body;
  Statement& s = body.statement;
  s.account = "A-1";
  s.from = UtcSeconds(1'728'000'000);  // 2024-10-04
  s.to = s.from + 3 * 86'400;
  s.days = 3;
  s.total = 1'423;
  s.peak = 1'200;
  s.peak_exponent = -3;
  BillLine line;
  line.quantity = 9'487;
  line.exponent = -3;
  line.price = {15, -2};
  line.amount = 1'423;
  line.trace = {ChannelId(7), ChannelId(8), s.from, s.to, 72, 9'600, 113, 0, 0};
  s.lines = {line};
  body.texts = {{"Energy", "kWh", "9.487 kWh x 0.15"}};
  body.customer = "Ana Núñez";
  body.address = "Mill Lane 1";
  body.tariff = "Home";
  body.tariff_digest = Bytes(32, 0xAB);
  body.currency = "EUR";
  body.zone = "Europe/Madrid";
  body.inputs = {{ChannelId(7), 40, 20'000, {1, 3, 0}, {{s.from + 37'400, 80}}}};
  body.meters = {{"M1", ChannelId(7), s.from, s.from + 37'400, 5'000, std::nullopt, -1, 40}};
  return body;
}

TEST(StatementCodec, ComesBackWhole) {
  const StatementBody body = sample();
  const Bytes bytes = encode_statement(body);
  EXPECT_EQ(decode_statement(bytes).value(), body);
  StatementBody steady = body;  // one multiplier, as nearly all have
  steady.inputs[0].steps.clear();
  EXPECT_LT(encode_statement(steady).size(), 240u);
  EXPECT_LE(bytes.size(), encode_statement(steady).size() + 8);
}

std::string sample_file(const char* name) {
  std::ifstream in(std::string(AMITY_SOURCE_DIR "/src/mdm/rate/corpus/statement/") + name,
                   std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(StatementCodec, OneOfFormat2IsReadForEver) {
  const std::string text = sample_file("format2");
  ASSERT_EQ(text.front(), '\x02');
  const auto body = decode_statement(as_bytes(text));
  ASSERT_TRUE(body.ok()) << body.error().reason;
  ASSERT_EQ(body->inputs.size(), 1u);
  EXPECT_EQ(body->inputs[0].multiplier_at(body->statement.to), 40);
  ASSERT_EQ(body->meters.size(), 1u);
  EXPECT_EQ(body->meters[0], sample().meters[0]);
}

TEST(StatementCodec, OneOfFormat1IsReadForEver) {
  const std::string text = sample_file("whole");
  ASSERT_EQ(text.front(), '\x01');
  const auto body = decode_statement(as_bytes(text));
  ASSERT_TRUE(body.ok()) << body.error().reason;
  EXPECT_EQ(body->statement.account + " " + body->customer + ", " + body->address + ", " +
                body->tariff + " " + body->currency,
            "A-1 Ana, Mill Lane 1, Home EUR");
  EXPECT_EQ(body->inputs.size(), 1u);
  EXPECT_TRUE(body->meters.empty());
}

TEST(StatementCodec, AnyChangedByteIsFound) {
  const Bytes whole = encode_statement(sample());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes changed = whole;
    changed[i] ^= 0x10;
    const auto read = decode_statement(changed);
    ASSERT_FALSE(read.ok()) << i;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_FALSE(decode_statement(ByteView(whole).first(n)).ok()) << n;
}

TEST(StatementCodec, AReversalTakesBackEveryAmount) {
  const Statement back = reversal_of(sample().statement);
  EXPECT_EQ(back.total, -1'423);
  EXPECT_EQ(back.lines[0].amount, -1'423);
  EXPECT_EQ(back.lines[0].quantity, -9'487);
  EXPECT_EQ(back.lines[0].trace, sample().statement.lines[0].trace);
}

}  // namespace
}  // namespace amity::mdm
