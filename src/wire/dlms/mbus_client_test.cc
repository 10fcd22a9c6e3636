#include "wire/dlms/mbus_client.h"

#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

const Obis kChannel1(0, 1, 24, 1, 0, 255);

TEST(MbusClient, AWaterMeterOnChannelOne) {
  const std::vector<Bytes> values = {"1105"_hex, "0612345678"_hex, "122C2D"_hex, "111B"_hex,
                                     "1116"_hex, "1100"_hex,       "1104"_hex};
  const auto slave = decode_slave(kChannel1, values);
  ASSERT_TRUE(slave.ok()) << to_string(slave.error());
  EXPECT_EQ(slave->channel, 1);
  EXPECT_EQ(slave->primary_address, 5);
  EXPECT_EQ(slave->identification, 12345678u);
  EXPECT_EQ(slave->manufacturer, "KAM");
  EXPECT_EQ(slave->version, 0x1B);
  EXPECT_EQ(slave->device_type, 0x16);
  EXPECT_EQ(slave->alarm, 4);
  EXPECT_TRUE(slave->installed());
}

TEST(MbusClient, WhatIsNoDeviceIsSaid) {
  const std::vector<Bytes> empty = {"1100"_hex, "0600000000"_hex, "120000"_hex, "1100"_hex,
                                    "1100"_hex, "1100"_hex,       "1100"_hex};
  EXPECT_FALSE(decode_slave(kChannel1, empty)->installed());
  EXPECT_EQ(decode_slave(kChannel1, empty)->manufacturer, "");
  std::vector<Bytes> wrong = empty;
  wrong[1] = "061234567A"_hex;
  EXPECT_EQ(decode_slave(kChannel1, wrong).error().code, ErrorCode::kMalformed);
  wrong = empty;
  wrong[3] = "120100"_hex;
  EXPECT_EQ(to_string(decode_slave(kChannel1, wrong).error()),
            "malformed: 256 is too large a number");
  wrong = empty;
  wrong[0] = "0900"_hex;
  EXPECT_FALSE(decode_slave(kChannel1, wrong).ok());
  EXPECT_FALSE(decode_slave(kChannel1, {}).ok());
}

TEST(MbusClient, CaptureDefinitionThereAndBack) {
  const std::vector<MbusCapture> captures = {{{0x04}, {0x13}}, {{0x84, 0x40}, {0x93, 0x3B}}};
  EXPECT_EQ(to_hex(encode_captures(captures)),
            "0102"
            "0202"
            "090104"
            "090113"
            "0202"
            "09028440"
            "0902933B");
  EXPECT_EQ(*decode_captures(encode_captures(captures)), captures);
  EXPECT_TRUE(decode_captures("0100"_hex)->empty());
  EXPECT_FALSE(decode_captures("1105"_hex).ok());
  EXPECT_FALSE(decode_captures("01010201090104"_hex).ok());
}

TEST(MbusClient, ParametersOfTheMethods) {
  EXPECT_EQ(to_hex(encode_install(0)), "1100");
  EXPECT_EQ(to_hex(encode_mbus_key(Bytes(4, 0xAA))), "0904AAAAAAAA");
  EXPECT_EQ(to_hex(encode_mbus_key({})), "0900");
  EXPECT_EQ(mbus_manufacturer(0x2C2D), "KAM");
  EXPECT_EQ(mbus_manufacturer(0x0001), "");
  EXPECT_EQ(mbus_manufacturer(0xAC2D), "");
}

}  // namespace
}  // namespace amity::dlms
