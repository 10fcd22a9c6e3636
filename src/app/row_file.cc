#include "app/row_file.h"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

namespace amity::app {
namespace {

constexpr std::size_t kBadLinesShown = 20;

// Good rows to `take`, bad ones told and counted.
class Rows : public exchange::LineSink {
 public:
  Rows(const std::string& file, const std::string& format, const TakeRow& take, std::size_t& bad)
      : file_(file), format_(format), take_(take), bad_(bad) {}

  void on_line(std::string_view line, std::size_t number) override {
    if (reader_ == nullptr && !line.empty()) {
      const bool is_json = format_.empty() ? line[0] == '{' : format_ == "jsonl";
      reader_ = is_json ? &json_ : &csv_;
    }
    if (reader_ == nullptr) return;
    const auto read = reader_->read(line, row_);
    if (!read.ok()) return on_line_problem({number, true, to_string(read.error())});
    if (!*read) return;
    exchange::Problem odd = take_(row_);
    odd.line = number;
    if (!odd.reason.empty()) on_line_problem(odd);
  }
  void on_line_problem(const exchange::Problem& problem) override {
    if (problem.refused) ++bad_;
    if (told_++ < kBadLinesShown)
      fmt::print(stderr, "{}:{}: {}\n", file_, problem.line, problem.reason);
    if (told_ == kBadLinesShown + 1) fmt::print(stderr, "{}: further lines are counted\n", file_);
  }

 private:
  const std::string& file_;
  const std::string& format_;
  const TakeRow& take_;
  std::size_t& bad_;
  std::size_t told_ = 0;
  exchange::RowReader* reader_ = nullptr;
  exchange::RowReader csv_{exchange::RowFormat::kCsv}, json_{exchange::RowFormat::kJsonLines};
  exchange::ParsedRow row_;
};

}  // namespace

Status read_row_file(const std::string& file, const std::string& format, const TakeRow& take,
                     std::size_t& bad) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return make_error(ErrorCode::kNotFound, file + " cannot be opened");
  }
  std::istream& in = file == "-" ? std::cin : opened;
  Rows rows(file, format, take, bad);
  exchange::TextLines lines(rows, exchange::kRowBytesMax);
  std::string piece(1 << 16, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
    lines.feed(std::string_view(piece).substr(0, static_cast<std::size_t>(in.gcount())));
  lines.finish();
  if (in.bad()) return make_error(ErrorCode::kIo, file + " cannot be read");
  return {};
}

Result<std::string> read_text_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return make_error(ErrorCode::kNotFound, path + " cannot be opened");
  return std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace amity::app
