#include "app/row_file.h"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

namespace amity::app {
namespace {

constexpr std::size_t kBadLinesShown = 20;

}  // namespace

Status read_row_file(const std::string& file, const std::string& format,
                     const std::function<void(const exchange::ParsedRow&)>& take,
                     std::size_t& bad) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return make_error(ErrorCode::kNotFound, file + " cannot be opened");
  }
  std::istream& in = file == "-" ? std::cin : opened;
  exchange::RowReader* reader = nullptr;
  exchange::RowReader csv(exchange::RowFormat::kCsv), json(exchange::RowFormat::kJsonLines);
  exchange::ParsedRow row;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (reader == nullptr && !line.empty()) {
      const bool is_json = format.empty() ? line[0] == '{' : format == "jsonl";
      reader = is_json ? &json : &csv;
    }
    if (reader == nullptr) continue;
    const auto read = reader->read(line, row);
    if (read.ok()) {
      if (*read) take(row);
      continue;
    }
    if (bad++ < kBadLinesShown)
      fmt::print(stderr, "{}:{}: {}\n", file, number, to_string(read.error()));
  }
  if (in.bad()) return make_error(ErrorCode::kIo, file + " cannot be read");
  return {};
}

Result<std::string> read_text_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return make_error(ErrorCode::kNotFound, path + " cannot be opened");
  return std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace amity::app
