#include "exchange/text_lines.h"

#include <gtest/gtest.h>

namespace amity::exchange {
namespace {

struct Lines : LineSink {
  void on_line(std::string_view line, std::size_t number) override {
    text += std::to_string(number) + ":" + std::string(line) + "|";
  }
  void on_line_problem(const Problem& problem) override {
    text += "!" + std::to_string(problem.line) + ":" + problem.reason + "|";
  }
  std::string text;
};

std::string lines_of(std::string_view bytes, std::size_t piece, std::size_t max = 1000) {
  Lines lines;
  TextLines reader(lines, max);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    reader.feed(bytes.substr(0, piece));
  reader.finish();
  return lines.text;
}

using namespace std::string_literals;

TEST(TextLines, EveryEncodingInPiecesOfAnySize) {
  const std::string utf16_little = "\xff\xfe\x61\0\xe9\0\r\0\n\0\x3d\xd8\x00\xde"s;
  const std::string utf16_big = "\xfe\xff\0\x61\0\xe9\0\r\0\n\xd8\x3d\xde\x00"s;
  for (const std::size_t piece : {1u, 2u, 3u, 5u, 100u}) {
    EXPECT_EQ(lines_of("a\r\nb\n\nc", piece), "1:a|2:b|3:|4:c|");
    EXPECT_EQ(lines_of("\xef\xbb\xbf"
                       "a\xc3\xa9\n",
                       piece),
              "1:a\xc3\xa9|");
    EXPECT_EQ(lines_of(utf16_little, piece), "1:a\xc3\xa9|2:\xf0\x9f\x98\x80|");
    EXPECT_EQ(lines_of(utf16_big, piece), "1:a\xc3\xa9|2:\xf0\x9f\x98\x80|");
    EXPECT_EQ(lines_of("", piece), "");
  }
}

TEST(TextLines, Latin1IsReadAndToldOnceAndWhatIsNoTextIsRefused) {
  EXPECT_EQ(lines_of("a\xe9\nb\xc3\xa9\nc\xe8\n", 4),
            "!1:the line is not UTF-8: it is read as Latin-1 (ISO 8859-1), as are others like "
            "it|1:a\xc3\xa9|2:b\xc3\xa9|3:c\xc3\xa8|");
  EXPECT_EQ(lines_of("a\0b\nc\n"s, 4),
            "!1:the line holds a zero octet: no text, or UTF-16 without its byte order mark|2:c|");
  EXPECT_EQ(lines_of("\xff\xfe\x61"s, 4), "!1:the file ends within a character of UTF-16|");
}

TEST(TextLines, AnEndlessLineIsToldOnceAndNotKept) {
  const std::string text = std::string(5000, 'x') + "\nshort\n" + std::string(2000, 'y');
  EXPECT_EQ(lines_of(text, 100),
            "!1:the line is longer than 1000 octets: it is skipped|2:short|!3:the line is longer "
            "than 1000 octets: it is skipped|");
}

}  // namespace
}  // namespace amity::exchange
