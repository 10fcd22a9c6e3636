#include "base/json_text.h"

#include <gtest/gtest.h>

namespace amity {
namespace {

TEST(JsonText, QuotesEscapesAndRepairs) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("Mill Lane 7"), R"("Mill Lane 7")");
  EXPECT_EQ(json_string("a\"b\\c\n\x01\x1f"), R"("a\"b\\c\u000a\u0001\u001f")");
  EXPECT_EQ(json_string("Núñez €"), "\"Núñez €\"");
  EXPECT_EQ(json_string("half \xC3"), "\"half \xEF\xBF\xBD\"");
}

TEST(JsonText, OnlyWellFormedUtf8IsPassedOn) {
  EXPECT_EQ(valid_utf8("\xF0\x9F\x92\xA7"), "\xF0\x9F\x92\xA7");                  // four octets
  EXPECT_EQ(valid_utf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(valid_utf8("\xF5x"), "\xEF\xBF\xBDx");                                // beyond U+10FFFF
}

}  // namespace
}  // namespace amity
