// Any CSV of readings, a row a value, by a mapping in TOML (docs/formats/csv_mapping.md): which
// column is what, how times and numbers are written, in what zone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/civil.h"
#include "exchange/quality_codes.h"
#include "exchange/text_lines.h"
#include "exchange/unit_codes.h"

namespace amity::exchange {

struct CsvMapping {
  char separator = ',', decimal = '.';
  bool header = true;
  // Of what -> the column's name in the header, or its number from 1.
  std::map<std::string, std::string, std::less<>> columns;
  std::string meter, channel = "import", unit = "kWh";  // where no column tells
  std::int64_t multiplier = 1;
  bool is_register = false;
  std::optional<int>
      decimals;  // values are rounded to so many, half away from zero; none: as they are
  std::string time_format = "iso";  // "iso", "unix" or a pattern of YYYY MM DD hh mm ss
  TimeZone zone = TimeZone::utc();
  bool time_is_start = false;  // of the interval
  std::uint32_t interval_s = 0;
  // What stands there -> what it means.
  std::map<std::string, Quality, std::less<>> qualities;
  std::map<std::string, QualityCode, std::less<>> codes;     // empty: NEM12's own, "A", "S14"
  std::map<std::string, std::uint8_t, std::less<>> methods;  // empty: NEM12's numbers, "14"
};

// The error names the key that is wrong.
Result<CsvMapping> csv_mapping_from_toml(std::string_view text);

class CsvReader : public LineReader {
 public:
  CsvReader(SeriesSink& sink, CsvMapping mapping);

 private:
  void on_line(std::string_view line, std::size_t number) override;
  bool find_columns(std::size_t number);
  Result<std::string_view> field(std::string_view what, std::string_view fallback) const;
  Status read_quality(SeriesValue& value) const;
  Status read_row(MeterSeries& series, SeriesValue& value, UnitScale& scale) const;
  Result<std::vector<UtcSeconds>> times_of(std::string_view text) const;

  CsvMapping mapping_;
  std::map<std::string, std::size_t, std::less<>> places_;  // of what -> index
  bool ready_ = false, hopeless_ = false, have_series_ = false;
  std::vector<std::string> fields_;
  MeterSeries series_;
  // The last time of each meter and channel: tells the two hours of autumn apart.
  std::unordered_map<std::string, UtcSeconds> last_;
};

}  // namespace amity::exchange
