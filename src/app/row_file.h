// Reading a file of readings row by row: what `amity vee` and `amity bill` begin with.
#pragma once

#include <functional>
#include <string>

#include "exchange/row_reader.h"

namespace amity::app {

// What is to be told of a row, without its line: `refused` where it was left out. No reason: all is
// well.
using TakeRow = std::function<exchange::Problem(const exchange::ParsedRow&)>;

// Good rows go to `take`; a bad one is told on stderr with its line and counted in `bad`. `file`
// "-" is stdin; `format` "csv", "jsonl" or "" for what the first line looks like.
Status read_row_file(const std::string& file, const std::string& format, const TakeRow& take,
                     std::size_t& bad);

// The whole of a text file.
Result<std::string> read_text_file(const std::string& path);

}  // namespace amity::app
