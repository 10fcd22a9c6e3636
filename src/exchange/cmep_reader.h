// CMEP (California Metering Exchange Protocol) metering data, records MEPMD01: one line holds a
// meter's values as triples of time, quality flag, value. A time names the end of its interval and
// is GMT unless told otherwise; times after the first may be blank. Other records are told and
// left.
#pragma once

#include <vector>

#include "base/civil.h"
#include "exchange/text_lines.h"
#include "exchange/unit_codes.h"

namespace amity::exchange {

class CmepReader : public LineReader {
 public:
  CmepReader(SeriesSink& sink, TimeZone zone) : LineReader(sink), zone_(std::move(zone)) {}

 private:
  void on_line(std::string_view line, std::size_t number) override;
  bool read_head(std::size_t number, std::size_t& count);
  bool read_units(std::size_t number);
  bool read_constant(std::size_t number);
  void read_values(std::size_t number, std::size_t count);

  TimeZone zone_;
  std::vector<std::string_view> fields_;
  MeterSeries series_;
  UnitScale scale_;
  Decimal constant_;  // of a fraction, applied to the values
};

}  // namespace amity::exchange
