// Between a reader and whoever keeps its values: sees to it that a series stays what it is through
// a file, and that no time is given twice unseen. Repeated times are told and passed on (the store
// keeps both, the later counts); what overlaps otherwise, or changes its unit in mid-file, is
// refused. A multiplier that becomes another behind all values so far is told and passed on (who
// keeps them knows whether it did); one that comes and goes is refused.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "exchange/meter_series.h"

namespace amity::exchange {

// The multiplier of the values behind it. It became this after the last value with another began (a
// register: was read), and no later than the first with it began.
struct MultiplierChange {
  std::int64_t multiplier = 1;
  UtcSeconds after, from;
  std::size_t line = 0;
};

struct SeriesSummary {
  MeterSeries series;
  std::size_t values = 0, refused = 0, repeated = 0;
  UtcSeconds first, last;
  int exponent = 18;                               // of the value with the most decimals
  std::vector<MultiplierChange> multipliers = {};  // behind that of `series`; ascending
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
    std::int64_t multiplier = 1;                 // now
    UtcSeconds last_begin;                       // of the value that ends last
    bool in_change = false;                      // within a stretch that has been told
    Decimal last_register;
  };
  enum class Place { kNew, kRepeated, kOverlap };

  bool fits_multiplier(State& state, const SeriesValue& value, std::size_t line);

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
