// Rows of a file back into readings: what reading_rows.h writes, CSV or JSON Lines. Each line
// stands alone; a bad one tells why and the next is read as if it had not been there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "exchange/reading_rows.h"
#include "exchange/text_lines.h"

namespace amity::exchange {

inline constexpr std::size_t kRowBytesMax = 65'536;
inline constexpr std::size_t kRowFieldsMax = 64;

struct ParsedRow {
  std::string serial;
  std::uint32_t channel = 0;  // 0: not given
  std::string name;
  Unit unit = Unit::kNone;
  UtcSeconds time;
  Decimal value;
  Quality quality;
  std::uint8_t method = 0;  // of its code, where the row has one
};

class RowReader {
 public:
  // CSV begins with a header line; columns are found by name (utc and value are needed, others may
  // be absent).
  explicit RowReader(RowFormat format) : format_(format) {}

  // One line without its end. False: a header or an empty line.
  Result<bool> read(std::string_view line, ParsedRow& row);

 private:
  Status read_csv(std::string_view line, ParsedRow& row);
  static Status read_json(std::string_view line, ParsedRow& row);

  RowFormat format_;
  std::vector<std::string> header_;
  std::vector<std::string> fields_;
};

// A whole file of such rows. They do not tell their interval: `interval_s` does (0: not known).
class RowsReader : public LineReader {
 public:
  RowsReader(SeriesSink& sink, RowFormat format, std::uint32_t interval_s)
      : LineReader(sink), rows_(format), interval_s_(interval_s) {}

 private:
  void on_line(std::string_view line, std::size_t number) override;

  RowReader rows_;
  std::uint32_t interval_s_;
  ParsedRow row_;
  MeterSeries series_;
  bool have_series_ = false;
};

// Fields as RFC 4180 has them; the apostrophe that guards a formula is taken off again.
Status split_csv(std::string_view line, std::vector<std::string>& fields, char separator = ',');

}  // namespace amity::exchange
