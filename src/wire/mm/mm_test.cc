// Meters and More, the faithful subset: what a message looks like, and what is refused.
#include <gtest/gtest.h>

#include "wire/mm/decode.h"

namespace amity::mm {
namespace {

const Bytes kKey(kKeyBytes, 0x42);

Message write_request() {
  Message m;
  m.attribute = Attribute::kWrite;
  m.source = *address_from("0000000000AA");
  m.destination = *address_from("112233445566");
  m.number = 11;
  m.item = 7;
  m.data = {1, 2, 3};
  return m;
}

TEST(MetersAndMoreMessage, IsAsTheHeaderCommentSays) {
  Bytes plain;
  ASSERT_TRUE(encode(write_request(), {}, plain).ok());
  EXPECT_EQ(to_hex(plain),
            "414D4D01"  // mark
            "00"
            "04"  // request, WRITE
            "0000000000AA"
            "112233445566"
            "0000000B"
            "0007"
            "0000"
            "0000"
            "0003"
            "010203");
  Message authenticated = write_request();
  authenticated.authenticated = true;
  authenticated.attribute = Attribute::kRead;
  Bytes secured;
  ASSERT_TRUE(encode(authenticated, kKey, secured).ok());
  EXPECT_EQ(to_hex(secured),
            "414D4D01"
            "00"
            "66"  // READ + 100
            "0000000000AA"
            "112233445566"
            "0000000B"
            "0007"
            "0000"
            "0000"
            "0003"
            "010203"
            "1A384E60748D1479");  // openssl mac -cipher AES-128-CBC ... CMAC, 8 bytes of it
}

TEST(MetersAndMoreMessage, ComesBackAsItWasWholeOnly) {
  for (int code = 0; code < 256; ++code) {
    if (!is_published(static_cast<std::uint8_t>(code))) continue;
    for (const bool authenticated : {false, true}) {
      Message m = write_request();
      m.attribute = static_cast<Attribute>(code);
      m.authenticated = authenticated;
      Bytes bytes;
      ASSERT_TRUE(encode(m, kKey, bytes).ok());
      const auto parsed = parse(bytes);
      ASSERT_TRUE(parsed.ok()) << to_string(parsed.error());
      EXPECT_EQ(parsed->message, m);
      EXPECT_EQ(verify(*parsed, kKey).ok(), authenticated);
      for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(parse(ByteView(bytes).first(size)).ok());
      bytes.push_back(0);
      EXPECT_FALSE(parse(bytes).ok());
    }
  }
}

TEST(MetersAndMoreMessage, OfAWrongKeyNothingIsShown) {
  Message m = write_request();
  m.authenticated = true;
  Bytes bytes;
  ASSERT_TRUE(encode(m, kKey, bytes).ok());
  wire::Report report;
  ASSERT_TRUE(decode(bytes, Bytes(kKeyBytes, 1), report).ok());
  EXPECT_FALSE(report.security.ok);
  EXPECT_EQ(report.security.reason, "the CMAC is not right");
  ASSERT_EQ(report.unknown.size(), 1u);
  EXPECT_EQ(report.unknown[0].id, "message");
  ASSERT_TRUE(decode(bytes, kKey, report).ok());
  EXPECT_TRUE(report.security.ok);
  EXPECT_EQ(report.unknown[0].id, "data of item 7");
  EXPECT_EQ(report.unknown[0].hex, "010203");
  std::string json;
  append_json(report, json);
  EXPECT_NE(json.find("own framing, not conformance-tested"), std::string::npos) << json;
}

TEST(MetersAndMoreMessage, CodesThatAreNotPublishedAreRefused) {
  Bytes bytes;
  ASSERT_TRUE(encode(write_request(), {}, bytes).ok());
  bytes[5] = 50;
  const auto parsed = parse(bytes);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(to_string(parsed.error()), "unsupported at byte 5: attribute code 50 is not published");
  EXPECT_EQ(why_not(Attribute::kSetIc),
            "the tables of the interface classes (IC) are in no public text");
  EXPECT_EQ(why_not(Attribute::kRead), "");
}

}  // namespace
}  // namespace amity::mm
