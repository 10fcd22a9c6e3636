#include "wire/dlms/compact_data.h"

#include "wire/dlms/data_value.h"
#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

std::string text_of(std::string_view buffer, std::string_view description) {
  CompactData data;
  const Status parsed = data.parse(*from_hex(buffer), *from_hex(description));
  return parsed.ok() ? to_text(data.values()) : to_string(parsed.error());
}

// Template 7: id, clock as octet-string, total as double-long-unsigned, status as unsigned.
TEST(CompactData, ValuesOfATemplate) {
  EXPECT_EQ(text_of("070C07EA0B150600090000000000"
                    "0001E240"
                    "05",
                    "0204110906"
                    "11"),
            "{uint8 7, octet-string 07EA0B150600090000000000, uint32 123456, uint8 5}");
  CompactData data;
  ASSERT_TRUE(data.parse("070C07EA0B1506000900000000000001E24005"_hex, "020411090611"_hex).ok());
  EXPECT_EQ(data.template_id(), 7);
  EXPECT_EQ(data.values().size(), 4u);
}

TEST(CompactData, StructuresAndArraysWithin) {
  EXPECT_EQ(text_of("09"
                    "FFFE"
                    "01"
                    "0102"
                    "0304",
                    "0203"
                    "11"
                    "0202"
                    "10"
                    "03"
                    "01000212"),
            "{uint8 9, {int16 -2, bool 1}, [uint16 258, uint16 772]}");
}

TEST(CompactData, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(text_of("07", "11"), "malformed: the template description is no structure");
  EXPECT_EQ(text_of("", "020111"), "malformed: the buffer is empty");
  EXPECT_EQ(text_of("0708", "020111"), "malformed: 2 rows in the buffer, 1 was due");
  EXPECT_EQ(text_of("0708", "020112"), "malformed: the first value is no template id");
  EXPECT_EQ(text_of("07",
                    "020211"
                    "11"
                    "02"),
            "malformed at byte 4: bytes follow the template description");
  EXPECT_EQ(text_of("070001", "02021106").substr(0, 9), "truncated");
  EXPECT_EQ(text_of("0705AA", "02021109").substr(0, 9), "truncated");  // a string that lies
}

TEST(CompactData, WhatAServerWritesIsReadBack) {
  const std::vector<std::string> cases = {
      "0204110709"
      "0C07EA0B150600090000000000"
      "060001E240"
      "1105",
      "0203110902"
      "02"
      "10FFFE"
      "0301"
      "0102"
      "120102"
      "120304",
      "0202"
      "1101"
      "0405A8",
      "0203"
      "1102"
      "17"
      "40490FDB"
      "0A03414243"};
  for (const std::string& text : cases) {
    DataTree tree;
    const Bytes encoded = *from_hex(text);
    ASSERT_TRUE(tree.parse(encoded).ok()) << text;
    Bytes description, buffer;
    ASSERT_TRUE(append_description(tree.root(), description).ok()) << text;
    ASSERT_TRUE(append_contents(tree.root(), buffer).ok()) << text;
    CompactData data;
    const Status parsed = data.parse(buffer, description);
    ASSERT_TRUE(parsed.ok()) << text << ": " << to_string(parsed.error());
    EXPECT_EQ(to_text(data.values()), to_text(tree.root()));
  }
}

}  // namespace
}  // namespace amity::dlms
