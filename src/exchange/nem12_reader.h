// NEM12 interval data and NEM13 accumulation data of the Australian market (AEMO, Meter Data File
// Format): records 100, 200, 300, 400, 900 and 250; 500 and 550 hold nothing that is kept. Files
// that join several 100..900 blocks or begin without 100 are read and told.
#pragma once

#include <vector>

#include "base/civil.h"
#include "exchange/quality_codes.h"
#include "exchange/text_lines.h"
#include "exchange/unit_codes.h"

namespace amity::exchange {

// Market time, without daylight saving: UTC+10 in the National Electricity Market, UTC+8 in
// Western Australia.
inline constexpr const char* kNemZone = "Australia/Brisbane";

// "E1" -> "import", "B1" -> "export", "Q1" -> "reactive_import", "K1" -> "reactive_export", "E2" ->
// "import_2": the market's words are the network's, ours the customer's. Others as they are.
std::string channel_name_from_nmi_suffix(std::string_view suffix);
// The way back, also of a channel of another interval length ("import_900s"); "" where there is
// none.
std::string nmi_suffix_of(std::string_view channel_name);

class Nem12Reader : public LineReader {
 public:
  Nem12Reader(SeriesSink& sink, TimeZone zone) : LineReader(sink), zone_(std::move(zone)) {}

 private:
  struct Interval {
    Decimal value;
    QualityCode quality;
    bool given = false;      // a number stands there
    bool qualified = false;  // by the 300 record or a 400
    std::string reason;
  };

  void on_line(std::string_view line, std::size_t number) override;
  void on_end() override;
  void on_header(std::size_t number);
  void on_series(std::size_t number);
  void on_day(std::size_t number);
  bool read_values(std::size_t number);
  void on_events(std::size_t number);
  std::string reason_at(std::size_t field_index, std::size_t number);
  void on_accumulation(std::size_t number);
  void on_register_read(std::string_view value, std::string_view time, std::string_view quality,
                        const UnitScale& scale, std::size_t number);
  void end_day();
  void refuse_day(std::string reason);
  std::string_view field(std::size_t i) const {
    return i < fields_.size() ? fields_[i] : std::string_view();
  }

  TimeZone zone_;
  std::vector<std::string_view> fields_;
  MeterSeries series_;
  UnitScale scale_;
  bool have_series_ = false;
  bool in_block_ = false, anything_ = false;

  std::vector<Interval> day_;  // of the last 300 record, until its 400 records are read
  bool have_day_ = false;
  bool day_varies_ = false;  // quality V
  UtcSeconds day_start_;
  std::size_t day_line_ = 0;
};

}  // namespace amity::exchange
