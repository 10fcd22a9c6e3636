// For tests: what a reader gave, as text and totals.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "exchange/meter_series.h"
#include "exchange/unit_codes.h"

namespace amity::exchange {

// Sum in millionths of the unit, wide enough for any file.
struct SeriesTotal {
  MeterSeries series;
  std::size_t count = 0;
  __int128 micro = 0;
  bool exact = true;  // no digit was lost below a millionth
  std::vector<SeriesValue> values;
};

class CollectingSink : public SeriesSink {
 public:
  void on_series(const MeterSeries& series, std::size_t) override {
    const std::string key = series.point + "/" + series.serial + "/" + series.name +
                            (series.kind == ChannelKind::kRegister ? "/R" : "");
    current_ = &totals[key];
    current_->series = series;
  }
  void on_value(const SeriesValue& value, std::size_t) override {
    ++current_->count;
    ++values;
    Decimal d = value.value;
    __int128 micro = d.value;
    for (; d.exponent > -6; --d.exponent) micro *= 10;
    for (; d.exponent < -6; ++d.exponent) {
      current_->exact = current_->exact && micro % 10 == 0;
      micro /= 10;
    }
    current_->micro += micro;
    if (keep_values) current_->values.push_back(value);
  }
  void on_event(const MeterEvent& event, std::size_t) override { events.push_back(event); }
  void on_problem(const Problem& problem) override {
    (problem.refused ? refused : noted)
        .push_back(std::to_string(problem.line) + ": " + problem.reason);
  }

  std::map<std::string, SeriesTotal> totals;
  std::vector<MeterEvent> events;
  std::vector<std::string> refused, noted;
  std::size_t values = 0;
  bool keep_values = true;

 private:
  SeriesTotal* current_ = nullptr;
};

inline std::string micro_text(__int128 micro) {
  const bool negative = micro < 0;
  if (negative) micro = -micro;
  std::string text;
  for (; micro > 0 || text.size() < 7; micro /= 10)
    text += static_cast<char>('0' + int(micro % 10));
  text.insert(6, ".");
  if (negative) text += '-';
  return {text.rbegin(), text.rend()};
}

}  // namespace amity::exchange
