#include "wire/dlms/data.h"

#include "wire/dlms/data_value.h"
#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

std::string text_of(ByteView bytes) {
  DataTree tree;
  const Status status = tree.parse(bytes);
  return status.ok() ? to_text(tree.root()) : to_string(status.error());
}

TEST(Data, EveryTypeReadsAsItIsWritten) {
  const struct {
    Bytes bytes;
    const char* text;
  } cases[] = {
      {"00"_hex, "null"},
      {"0301"_hex, "bool 1"},
      {"04 0A FF 40"_hex, "bit-string 1111111101"},
      {"05 FFFFFFFE"_hex, "int32 -2"},
      {"06 FFFFFFFE"_hex, "uint32 4294967294"},
      {"09 03 010203"_hex, "octet-string 010203"},
      {"0A 05 48656C6C6F"_hex, "visible-string \"Hello\""},
      {"0C 02 C3A9"_hex, "utf8-string C3A9"},
      {"0D 42"_hex, "bcd 66"},
      {"0F FB"_hex, "int8 -5"},
      {"10 8000"_hex, "int16 -32768"},
      {"11 FF"_hex, "uint8 255"},
      {"12 FFFF"_hex, "uint16 65535"},
      {"14 8000000000000000"_hex, "int64 -9223372036854775808"},
      {"15 FFFFFFFFFFFFFFFF"_hex, "uint64 18446744073709551615"},
      {"16 1E"_hex, "enum 30"},
      {"17 41480000"_hex, "float32 12.5"},
      {"18 4029000000000000"_hex, "float64 12.5"},
      {"19 07E8 07 01 01 0E 22 38 00 FF88 80"_hex, "date-time 2024-07-01 14:34:56 dev -120"},
      {"1A 07E8 07 01 01"_hex, "date 2024-07-01"},
      {"1B 0E 22 38 32"_hex, "time 14:34:56.50"},
      {"1C FF"_hex, "delta-int8 -1"},
      {"1D FFFE"_hex, "delta-int16 -2"},
      {"1E FFFFFFFD"_hex, "delta-int32 -3"},
      {"1F FF"_hex, "delta-uint8 255"},
      {"20 FFFF"_hex, "delta-uint16 65535"},
      {"21 FFFFFFFF"_hex, "delta-uint32 4294967295"},
      {"FF"_hex, "dont-care"},
      {"01 00"_hex, "[]"},
      {"02 02 11 01 01 02 12 0002 00"_hex, "{uint8 1, [uint16 2, null]}"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(text_of(c.bytes), c.text);
    DataTree tree;
    ASSERT_TRUE(tree.parse(c.bytes).ok()) << c.text;
    EXPECT_EQ(to_hex(Data::from(tree.root()).encoded()), to_hex(c.bytes)) << c.text;
    ByteReader in(c.bytes);
    const auto taken = take_data(in);
    ASSERT_TRUE(taken.ok()) << c.text;
    EXPECT_EQ(taken->size(), c.bytes.size()) << c.text;
  }
}

TEST(Data, WriterAndOwningTreeAgree) {
  Bytes written;
  DataWriter w(written);
  const DateTime at = date_time_utc(*from_iso("2026-11-20T14:15:00Z"));
  w.structure(6);
  w.octet_string(at);
  w.uint64(18'446'744'073'709'551'615u);
  w.int16(-7);
  w.boolean(true);
  w.float64(-0.5);
  w.visible_string("ok");
  const Data built = Data::structure(
      {Data::octet_string(at), Data::uint64(18'446'744'073'709'551'615u), Data::int16(-7),
       Data::boolean(true), Data::float64(-0.5), Data::visible_string("ok")});
  EXPECT_EQ(to_hex(written), to_hex(built.encoded()));
  EXPECT_EQ(
      to_hex(written),
      "0206090C07EA0B14050E0F000000000015FFFFFFFFFFFFFFFF10FFF9030118BFE00000000000000A026F6B");
}

// protocols.md 19: null in the clock column means "the previous row's time plus the capture
// period".
TEST(Data, HourlyProfileWithNullTimestamps) {
  DataTree tree;
  const Bytes buffer =
      "01040204090c07e30c1f0217000000ffc400110406000005ed0600000654020400110406000005ed0600000654"
      "020400110406000005ed0600000654020400110406000005ed0600000654"_hex;
  ASSERT_TRUE(tree.parse(buffer).ok());
  EXPECT_EQ(to_text(tree.root()),
            "[{octet-string 07E30C1F0217000000FFC400, uint8 4, uint32 1517, uint32 1620}, "
            "{null, uint8 4, uint32 1517, uint32 1620}, {null, uint8 4, uint32 1517, uint32 1620}, "
            "{null, uint8 4, uint32 1517, uint32 1620}]");
  const DataView rows = tree.root();
  ASSERT_EQ(rows.size(), 4u);
  const auto date = date_time_from(rows.at(0)->at(0)->bytes());
  EXPECT_EQ(to_string(*date), "2019-12-31 23:00:00 dev -60");
  EXPECT_EQ(*rows.at(3)->at(3)->as_int(), 1620);
  EXPECT_FALSE(rows.at(4).ok());
}

TEST(Data, CompactArrayIsExpanded) {
  // Two rows of {uint32, int8, octet-string}.
  const Bytes compact = "13 02 03 06 0F 09 0F 00000001 FF 02 AABB 00000002 01 01 CC"_hex;
  EXPECT_EQ(text_of(compact),
            "[{uint32 1, int8 -1, octet-string AABB}, {uint32 2, int8 1, octet-string CC}]");
  // An array of three uint16 in each element; the count in the description has two bytes.
  EXPECT_EQ(text_of("13 01 0003 12 0C 0001 0002 0003 0004 0005 0006"_hex),
            "[[uint16 1, uint16 2, uint16 3], [uint16 4, uint16 5, uint16 6]]");
  // Simple elements, and none at all.
  EXPECT_EQ(text_of("13 11 03 01 02 03"_hex), "[uint8 1, uint8 2, uint8 3]");
  EXPECT_EQ(text_of("13 11 00"_hex), "[]");
  // Inside a structure, siblings are found behind it.
  EXPECT_EQ(text_of("02 02 13 11 02 01 02 03 01"_hex), "{[uint8 1, uint8 2], bool 1}");
  ByteReader in(compact);
  EXPECT_EQ(take_data(in)->size(), compact.size());
}

TEST(Data, ErrorsSayWhere) {
  EXPECT_EQ(text_of("02 02 11 01 07"_hex), "malformed at byte 4: unknown data type");
  EXPECT_EQ(text_of("02 02 11 01 12 00"_hex), "truncated at byte 5: the value ends early");
  EXPECT_EQ(text_of("09 05 01"_hex), "truncated at byte 2: a string is longer than the input");
  EXPECT_EQ(text_of("01 84 FFFFFFFF 00"_hex), "truncated at byte 6: more elements than bytes");
  EXPECT_EQ(text_of("09 85 0000000001 00"_hex),
            "malformed at byte 1: length field of unusual size");
  EXPECT_EQ(text_of("00 00"_hex), "malformed at byte 1: bytes follow the value");
  EXPECT_EQ(text_of("13 00 01 00"_hex),
            "malformed at byte 3: compact array of a type that takes no bytes");
  EXPECT_EQ(text_of("13 01 FFFF 00 01 00"_hex),
            "malformed at byte 5: array of a type that takes no bytes");
  EXPECT_EQ(text_of(Bytes()), "truncated: the value ends early");
}

TEST(Data, DepthAndSizeAreLimited) {
  Bytes deep;
  for (std::size_t i = 0; i < kDataDepthMax; ++i) append(deep, "0101"_hex);
  deep.push_back(0);
  EXPECT_NE(text_of(deep).find("null"), std::string::npos);
  deep.insert(deep.begin(), {1, 1});
  EXPECT_EQ(text_of(deep), "limit at byte 34: nested too deeply");
  // A description that makes 255 values of each byte cannot fill the memory.
  Bytes bomb = "13 02 81 FF"_hex;
  for (int i = 0; i < 254; ++i) bomb.push_back(0);
  append(bomb, "11 82 FFFF"_hex);
  bomb.resize(bomb.size() + 0xFFFF);
  EXPECT_NE(text_of(bomb).find("too many values"), std::string::npos);
}

TEST(Data, AccessorsCheckTypes) {
  DataTree tree;
  const Bytes bytes = "02 03 15 FFFFFFFFFFFFFFFF 0F FF 09 01 00"_hex;
  ASSERT_TRUE(tree.parse(bytes).ok());
  const DataView big = *tree.root().at(0), negative = *tree.root().at(1),
                 octets = *tree.root().at(2);
  EXPECT_FALSE(big.as_int().ok());
  EXPECT_EQ(*big.as_uint(), 18'446'744'073'709'551'615u);
  EXPECT_EQ(*negative.as_int(), -1);
  EXPECT_FALSE(negative.as_uint().ok());
  EXPECT_FALSE(octets.as_int().ok());
  EXPECT_FALSE(big.as_bytes().ok());
  EXPECT_DOUBLE_EQ(*negative.as_double(), -1.0);
}

TEST(Data, TreeIsReusedWithoutGrowing) {
  DataTree tree;
  ASSERT_TRUE(tree.parse("02 02 11 01 11 02"_hex).ok());
  const Bytes other = "12 0005"_hex;
  ASSERT_TRUE(tree.parse(other).ok());
  EXPECT_EQ(tree.node_count(), 1u);
  EXPECT_EQ(*tree.root().as_int(), 5);
  EXPECT_FALSE(tree.parse("07"_hex).ok());
  EXPECT_TRUE(tree.empty());
}

}  // namespace
}  // namespace amity::dlms
