// Between a reader and whoever keeps its values: sees to it that a series stays what it is through
// a file, and that no time is given twice unseen. Repeated times are told and passed on (the store
// keeps both, the later counts); what overlaps otherwise, or changes unit, interval or multiplier
// in mid-file, is refused.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "exchange/meter_series.h"

namespace amity::exchange {

struct SeriesSummary {
  MeterSeries series;
  std::size_t values = 0, refused = 0, repeated = 0;
  UtcSeconds first, last;
  int exponent = 18;  // of the value with the most decimals
};

class SeriesCheck : public SeriesSink {
 public:
  explicit SeriesCheck(SeriesSink& next) : next_(next) {}

  void on_series(const MeterSeries& series, std::size_t line) override;
  void on_value(const SeriesValue& value, std::size_t line) override;
  void on_event(const MeterEvent& event, std::size_t line) override { next_.on_event(event, line); }
  void on_problem(const Problem& problem) override { next_.on_problem(problem); }

  // Ordered by point, serial and name.
  void each(const std::function<void(const SeriesSummary&)>& visit) const;

 private:
  // Intervals of one length that follow each other: (begin, end].
  struct Run {
    std::int64_t end = 0;
    std::uint32_t step_s = 0;
  };
  struct State {
    SeriesSummary summary;
    std::map<std::int64_t, Run> runs;            // by begin
    bool scattered = false;                      // too many runs: repeats are no longer looked for
    bool in_repeat = false, in_overlap = false;  // within a stretch that has been told
    std::uint32_t interval_s = 0;                // now
    Decimal last_register;
  };
  enum class Place { kNew, kRepeated, kOverlap };

  Place place(State& state, const SeriesValue& value, std::size_t line);
  void remember(State& state, std::int64_t begin, std::int64_t end, std::uint32_t step_s,
                std::size_t line);
  static std::string title(const MeterSeries& series);

  SeriesSink& next_;
  std::unordered_map<std::string, State> states_;
  State* current_ = nullptr;
  bool too_many_told_ = false;
};

}  // namespace amity::exchange
