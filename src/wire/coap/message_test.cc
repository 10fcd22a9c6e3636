#include "wire/coap/message.h"

#include <gtest/gtest.h>

namespace amity::coap {
namespace {

// RFC 7252, appendix A, figure 16: CON GET /temperature, message id 7D34, no token.
TEST(Coap, ReadsTheExampleOfTheStandard) {
  const Bytes bytes = *from_hex("40017D34BB74656D7065726174757265");
  const auto message = parse_message(bytes);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->type, Type::kConfirmable);
  EXPECT_EQ(message->code, kGet);
  EXPECT_EQ(message->id, 0x7D34);
  EXPECT_EQ(path_of(*message), "temperature");
  EXPECT_EQ(*encode_message(*message), bytes);
}

TEST(Coap, LongOptionsTokenAndPayload) {
  Message message;
  message.type = Type::kNonConfirmable;
  message.code = kPost;
  message.id = 7;
  message.token = {1, 2, 3, 4, 5, 6, 7, 8};
  message.options = {
      {kSize1, {1, 0}}, {kUriPath, Bytes{'m'}}, {kUriPath, Bytes(300, 'x')}, {2000, Bytes(20, 9)}};
  message.payload = {0xFF, 0};
  const auto again = parse_message(*encode_message(message));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(path_of(*again), "m/" + std::string(300, 'x'));
  EXPECT_EQ(again->options.size(), 4u);
  EXPECT_EQ(again->options[2].number, kSize1);
  EXPECT_EQ(again->payload, message.payload);
  EXPECT_EQ(again->token, message.token);
  EXPECT_FALSE(unknown_critical(*again));
  message.options.push_back({2001, {}});
  EXPECT_EQ(unknown_critical(message), 2001);
}

TEST(Coap, Block1) {
  for (const Block& block : {Block{0, true, 6}, Block{0, false, 0}, Block{77, true, 2}}) {
    Message message;
    message.code = kPost;
    message.options = {block1_option(block)};
    const auto read = block1_of(*parse_message(*encode_message(message)));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ((*read)->number, block.number);
    EXPECT_EQ((*read)->more, block.more);
    EXPECT_EQ((*read)->bytes(), std::size_t{16} << block.size_exponent);
  }
  Message reserved;
  reserved.options = {{kBlock1, {7}}};
  EXPECT_FALSE(block1_of(reserved).ok());
}

TEST(Coap, EveryCutIsRefusedOrAShorterMessage) {
  const Bytes whole = *from_hex("44027D3401020304B16DFF2E44");
  ASSERT_TRUE(parse_message(whole).ok());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto message = parse_message(ByteView(whole).first(size));
    EXPECT_LE(message.ok() ? 0 : message.error().offset, size);
  }
  EXPECT_FALSE(parse_message(*from_hex("80017D34")).ok());    // version 2
  EXPECT_FALSE(parse_message(*from_hex("49017D34")).ok());    // a token of nine bytes
  EXPECT_FALSE(parse_message(*from_hex("40007D3401")).ok());  // empty, with something in it
  EXPECT_FALSE(parse_message(*from_hex("40027D34FF")).ok());  // a marker and no payload
  EXPECT_FALSE(parse_message(*from_hex("40027D34F0")).ok());  // the reserved delta
}

}  // namespace
}  // namespace amity::coap
