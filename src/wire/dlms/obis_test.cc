#include "wire/dlms/obis.h"

#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

TEST(Obis, IsReadInEveryUsualNotation) {
  const Obis import_energy(1, 0, 1, 8, 0, 255);
  for (const char* text :
       {"1-0:1.8.0*255", "1-0:1.8.0", "1.0.1.8.0.255", "1.0.1.8.0", "1-0:1.8.0&255"}) {
    const auto obis = obis_from(std::string_view(text));
    ASSERT_TRUE(obis.ok()) << text;
    EXPECT_EQ(*obis, import_energy) << text;
  }
  EXPECT_EQ(to_string(import_energy), "1.0.1.8.0.255");
  EXPECT_EQ(to_reduced(import_energy), "1-0:1.8.0*255");
}

TEST(Obis, ReadsItsOwnText) {
  const Obis odd(0, 128, 96, 255, 7, 101);
  EXPECT_EQ(*obis_from(std::string_view(to_string(odd))), odd);
  EXPECT_EQ(*obis_from(std::string_view(to_reduced(odd))), odd);
}

TEST(Obis, SaysWhereTheTextIsWrong) {
  const struct {
    const char* text;
    std::size_t offset;
  } cases[] = {{"", 0},          {"1-0:1.8", 7},  {"1-0:256.8.0", 4}, {"1-0:1.8.0*255.", 13},
               {"1-0:x.8.0", 4}, {"1:0.1.8.0", 1}};
  for (const auto& c : cases) {
    const auto obis = obis_from(std::string_view(c.text));
    ASSERT_FALSE(obis.ok()) << c.text;
    EXPECT_EQ(obis.error().offset, c.offset) << c.text;
  }
}

TEST(Obis, NeedsSixBytes) {
  EXPECT_TRUE(obis_from(ByteView("0100010800FF"_hex)).ok());
  EXPECT_FALSE(obis_from(ByteView("0100010800"_hex)).ok());
}

}  // namespace
}  // namespace amity::dlms
