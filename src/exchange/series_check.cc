#include "exchange/series_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "exchange/limits.h"
#include "exchange/unit_codes.h"

namespace amity::exchange {

std::string SeriesCheck::title(const MeterSeries& series) {
  const std::string& who = series.serial.empty() ? series.point : series.serial;
  return quoted(who) + " " + series.name;
}

void SeriesCheck::on_series(const MeterSeries& series, std::size_t line) {
  current_ = nullptr;
  std::string key;
  for (const std::string* part : {&series.point, &series.serial, &series.name}) {
    key += *part;
    key += '\x1f';
  }
  key += series.kind == ChannelKind::kRegister ? 'R' : 'I';
  auto found = states_.find(key);
  if (found == states_.end()) {
    if (states_.size() >= kSeriesMax) {
      if (!too_many_told_)
        on_problem({line, true, fmt::format("more than {} series in one file", kSeriesMax)});
      too_many_told_ = true;
      return;
    }
    found = states_.emplace(std::move(key), State{}).first;
    found->second.summary.series = series;
    found->second.interval_s = series.interval_s;
  }
  const MeterSeries& first = found->second.summary.series;
  if (first.unit != series.unit) {
    on_problem({line, true,
                fmt::format("{}: the unit changes from {} to {}, its values are left out",
                            title(series), symbol(first.unit), symbol(series.unit))});
    return;
  }
  current_ = &found->second;
  current_->multiplier = series.multiplier;
  current_->in_change = false;
  if (current_->interval_s != series.interval_s) {
    on_problem({line, false,
                fmt::format("{}: the interval changes from {} s to {} s", title(series),
                            current_->interval_s, series.interval_s)});
    current_->interval_s = series.interval_s;
  }
  next_.on_series(series, line);
}

void SeriesCheck::on_value(const SeriesValue& value, std::size_t line) {
  if (current_ == nullptr) return;
  State& state = *current_;
  SeriesSummary& summary = state.summary;
  if (!fits_multiplier(state, value, line)) {
    ++summary.refused;
    return;
  }
  const Place where = place(state, value, line);
  if (where == Place::kOverlap) {
    ++summary.refused;
    if (!state.in_overlap) {
      on_problem({line, true,
                  fmt::format("{}: intervals from that which ends {} overlap others: left out",
                              title(summary.series), to_iso(value.time))});
    }
    state.in_overlap = true;
    return;
  }
  if (where == Place::kRepeated) {
    ++summary.repeated;
    if (!state.in_repeat) {
      on_problem({line, false,
                  fmt::format("{}: times are given again from {} on; the later value counts",
                              title(summary.series), to_iso(value.time))});
    }
  }
  state.in_overlap = false;
  state.in_repeat = where == Place::kRepeated;
  if (summary.values == 0 || value.time < summary.first) summary.first = value.time;
  if (summary.values == 0 || summary.last < value.time) {
    summary.last = value.time;
    state.last_begin = value.time - value.duration_s;
  }
  ++summary.values;
  if (value.value.value != 0)
    summary.exponent = std::min(summary.exponent, shortest(value.value).exponent);
  next_.on_value(value, line);
}

bool SeriesCheck::fits_multiplier(State& state, const SeriesValue& value, std::size_t line) {
  SeriesSummary& summary = state.summary;
  const UtcSeconds begin = value.time - value.duration_s;
  std::int64_t in_force = summary.series.multiplier;
  for (const MultiplierChange& change : summary.multipliers) {
    if (begin < change.from) break;
    in_force = change.multiplier;
  }
  if (in_force == state.multiplier) return true;
  const std::string words = fmt::format("{}: the multiplier changes from {} to {}",
                                        title(summary.series), in_force, state.multiplier);
  if (summary.values == 0) {
    summary.series.multiplier = state.multiplier;  // no value had the first
    return true;
  }
  if (summary.last <= begin && summary.multipliers.size() < kMultiplierChangesMax) {
    summary.multipliers.push_back({state.multiplier, state.last_begin, begin, line});
    on_problem({line, false, fmt::format("{} at {}", words, to_iso(begin))});
    return true;
  }
  if (!state.in_change) {
    on_problem(
        {line, true,
         fmt::format("{} at {}, not behind all values before: left out", words, to_iso(begin))});
  }
  state.in_change = true;
  return false;
}

SeriesCheck::Place SeriesCheck::place(State& state, const SeriesValue& value, std::size_t line) {
  const std::int64_t end = value.time.value;
  if (value.duration_s == 0) {
    const bool again = state.summary.values > 0 && state.summary.last.value == end;
    const bool same = again && shortest(state.last_register) == shortest(value.value);
    state.last_register = value.value;
    return again && !same ? Place::kRepeated : Place::kNew;
  }
  const std::int64_t begin = end - value.duration_s;
  // The run that begins last before this ends.
  auto after = state.runs.lower_bound(end);
  if (after != state.runs.begin()) {
    const auto& [run_begin, run] = *std::prev(after);
    if (run.end > begin) {
      const bool aligned = run.step_s == value.duration_s && begin >= run_begin && end <= run.end &&
                           run.step_s != 0 && (begin - run_begin) % run.step_s == 0;
      return aligned ? Place::kRepeated : Place::kOverlap;
    }
  }
  remember(state, begin, end, value.duration_s, line);
  return Place::kNew;
}

void SeriesCheck::remember(State& state, std::int64_t begin, std::int64_t end, std::uint32_t step_s,
                           std::size_t line) {
  auto after = state.runs.lower_bound(end);
  std::int64_t run_begin = begin;
  if (after != state.runs.begin()) {
    const auto before = std::prev(after);
    if (before->second.end == begin && before->second.step_s == step_s) {
      run_begin = before->first;
    }
  }
  std::int64_t run_end = end;
  if (after != state.runs.end() && after->first == end && after->second.step_s == step_s) {
    run_end = after->second.end;
    state.runs.erase(after);
  }
  if (state.runs.size() >= kRunsPerSeriesMax && run_begin == begin) {
    if (!state.scattered) {
      on_problem({line, false,
                  title(state.summary.series) +
                      ": its values are too scattered to look for repeated times from here on"});
    }
    state.scattered = true;
    return;
  }
  state.runs[run_begin] = Run{run_end, step_s};
}

void SeriesCheck::each(const std::function<void(const SeriesSummary&)>& visit) const {
  std::map<std::string_view, const SeriesSummary*> sorted;
  for (const auto& [key, state] : states_) sorted.emplace(key, &state.summary);
  for (const auto& [key, summary] : sorted) visit(*summary);
}

}  // namespace amity::exchange
