// Blocks: what goes in comes out, in few bytes; what was damaged is noticed; what was written once stays readable.
#include "store/block.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "store/crc32c.h"
#include "store/test_random.h"

namespace amity::store {
namespace {

const BlockKey kKey{ChannelId(42), UtcDay(19'676)};  // 2023-11-15

Bytes encode(const Block& block) {
  Bytes bytes;
  encode_block(kKey, block, bytes);
  return bytes;
}

void expect_round_trip(const Block& block) {
  const Bytes bytes = encode(block);
  Block back;
  const Status decoded = decode_block(kKey, bytes, back);
  ASSERT_TRUE(decoded.ok()) << to_string(decoded.error()) << " " << to_hex(bytes);
  EXPECT_EQ(back, block);
}

Block regular(std::uint32_t interval_s, const std::vector<std::int64_t>& values) {
  Block block;
  for (std::size_t i = 0; i < values.size(); ++i) {
    block.readings.push_back({static_cast<std::uint32_t>(i + 1) * interval_s, 0, values[i]});
  }
  return block;
}

TEST(Crc32c, CheckValueOfRfc3720) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c(Bytes(32, 0)), 0x8A9136AAu);
}

TEST(Block, AnEmptyHouseTakesEightBytesADay) {
  const Block block = regular(900, std::vector<std::int64_t>(96, 0));
  EXPECT_EQ(encode(block).size(), 8u);
  expect_round_trip(block);
}

TEST(Block, HalfHoursOfAHomeTakeAboutOneByteEach) {
  std::vector<std::int64_t> wh;
  TestRandom random(1);
  for (int i = 0; i < 48; ++i) wh.push_back(120 + static_cast<std::int64_t>(random.below(128)));
  wh[36] = 2'950;  // the oven
  const Block block = regular(1'800, wh);
  EXPECT_LE(encode(block).size(), 48u + 7u);
  expect_round_trip(block);
}

TEST(Block, ARegisterThatCountsEvenlyTakesLittle) {
  std::vector<std::int64_t> wh;
  for (int i = 0; i < 96; ++i) wh.push_back(1'234'567'890 + 250 * i);
  const Block block = regular(900, wh);
  EXPECT_LE(encode(block).size(), 16u);
  expect_round_trip(block);
}

TEST(Block, KeepsTheExtremes) {
  expect_round_trip(regular(3'600, {INT64_MIN, INT64_MAX, 0, -1, 1, INT64_MAX, INT64_MIN}));
  expect_round_trip(regular(86'400, {INT64_MIN}));
  expect_round_trip(regular(1, {7}));
}

TEST(Block, KeepsHolesOddTimesQualityAndOlderVersions) {
  Block block = regular(900, std::vector<std::int64_t>(96, 5));
  block.readings.erase(block.readings.begin() + 8, block.readings.begin() + 10);  // the clock change
  block.readings[3].quality = 1;
  block.readings[90].quality = 0xFFFF;
  block.older = {{900, 0, 4}, {900, 2, 3}, {1'800, 0, -17}};
  expect_round_trip(block);
  Block odd;
  for (const std::uint32_t t : {1u, 2u, 59u, 61u, 86'399u, 86'400u}) odd.readings.push_back({t, 0, t * 3});
  expect_round_trip(odd);
}

TEST(Block, AnyReadingsComeBack) {
  TestRandom random(7);
  for (int round = 0; round < 3'000; ++round) {
    Block block;
    const std::uint32_t step = random.below(3) == 0 ? 1 : static_cast<std::uint32_t>(60 * (1 + random.below(30)));
    const unsigned width = static_cast<unsigned>(random.below(64));
    const bool register_like = random.below(2) == 0;
    std::int64_t sum = 0;
    for (std::uint32_t t = step; t <= 86'400 && block.readings.size() < 300; t += step) {
      if (random.below(20) == 0) continue;
      std::int64_t value = static_cast<std::int64_t>(random.next() >> width);
      if (register_like) value = sum += value & 0xFFFF'FFFF;
      block.readings.push_back({t, random.below(30) == 0 ? std::uint16_t{3} : std::uint16_t{0}, value});
      if (random.below(50) == 0) block.older.push_back({t, 0, value - 1});
    }
    if (!block.readings.empty()) expect_round_trip(block);
  }
}

TEST(Block, EveryDamagedBitIsNoticedAndSoIsAnotherPlace) {
  Block block = regular(900, {1, 2, 3, 500, 5});
  block.older = {{900, 0, 4}};
  const Bytes good = encode(block);
  Block back;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_FALSE(decode_block(kKey, bad, back).ok()) << "bit " << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_block(kKey, ByteView(good).first(size), back).ok());
  }
  EXPECT_FALSE(decode_block({ChannelId(43), kKey.day}, good, back).ok());
  EXPECT_FALSE(decode_block({kKey.channel, UtcDay(19'677)}, good, back).ok());
}

// Version 1, as first released; docs/formats/block.md explains these bytes. It must be readable forever.
TEST(Block, GoldenVersion1) {
  Block block = regular(21'600, {100, 107, 2'000, 103});
  block.readings[1].quality = 1;  // power down
  block.older = {{43'200, 0, 106}};
  EXPECT_EQ(to_hex(encode(block)), "C143D005C801010838A776" "010001010200" "01C0D102D40100" "4310A89B");
  expect_round_trip(block);
}

}  // namespace
}  // namespace amity::store
