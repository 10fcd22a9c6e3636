#include "wire/dlms/push_setup.h"

#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

TEST(PushSetup, WhereTo) {
  const PushDestination to{PushTransport::kTcp, "10.0.0.7:4059", PushMessage::kAxdr};
  EXPECT_EQ(to_hex(encode(to)),
            "0203"
            "1600"
            "090D31302E302E302E373A34303539"
            "1600");
  EXPECT_EQ(*decode_push_destination(encode(to)), to);
  const auto sms = decode_push_destination("02031604090834393137313233341680"_hex);
  ASSERT_TRUE(sms.ok()) << to_string(sms.error());
  EXPECT_EQ(to_string(sms->transport) + " " + sms->destination, "SMS 49171234");
  EXPECT_EQ(static_cast<int>(sms->message), 128);
  EXPECT_EQ(to_string(static_cast<PushTransport>(200)), "transport 200");
  EXPECT_EQ(decode_push_destination("020216000900"_hex).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(decode_push_destination("1600"_hex).error().code, ErrorCode::kMalformed);
}

TEST(PushSetup, WhatAndWhen) {
  const std::vector<PushObject> objects = {{1, Obis(0, 0, 42, 0, 0, 255), 2, 0},
                                           {7, Obis(1, 0, 99, 1, 0, 255), 2, 0xF001}};
  EXPECT_EQ(to_hex(encode(objects)),
            "0102"
            "0204120001090600002A0000FF0F02120000"
            "020412000709060100630100FF0F0212F001");
  EXPECT_EQ(*decode_push_objects(encode(objects)), objects);
  EXPECT_FALSE(decode_push_objects("0101020412000109050000000000"
                                   "0F02120000"_hex)
                   .ok());
  const std::vector<PushWindow> windows = {
      {Bytes(12, 0xFF), *from_hex("FFFFFFFFFF06000000FFFF00")}};
  EXPECT_EQ(*decode_push_windows(encode(windows)), windows);
  EXPECT_TRUE(decode_push_windows("0100"_hex)->empty());
  EXPECT_FALSE(decode_push_windows("01010202090109010A"_hex).ok());
}

TEST(PushSetup, RepetitionOfBothVersions) {
  EXPECT_EQ(*decode_push_repetition("12003C"_hex), (PushRepetition{60, 100, 60}));
  EXPECT_EQ(*decode_push_repetition("020312001E1200C8120E10"_hex),
            (PushRepetition{30, 200, 3'600}));
  EXPECT_FALSE(decode_push_repetition("0201120001"_hex).ok());
}

}  // namespace
}  // namespace amity::dlms
