#include <algorithm>

#include "app/vee_run.h"

namespace amity::app {
namespace {

using mdm::kRules;
using mdm::Rule;

// A time farther from all others than this is none that the channel was read at: a clock that was
// reset to its first day, or jumped ahead.
constexpr std::int64_t kStray_s = 400 * std::int64_t{86'400};

struct Stretch {
  UtcSeconds first, last;
  std::size_t readings = 0;
};

// Runs of readings with less than that between them, ascending.
std::vector<Stretch> stretches_of(const std::vector<Reading>& readings) {
  std::vector<UtcSeconds> times;
  times.reserve(readings.size());
  for (const Reading& r : readings) times.push_back(r.time);
  if (!std::ranges::is_sorted(times)) std::ranges::sort(times);
  std::vector<Stretch> runs;
  for (const UtcSeconds time : times) {
    if (runs.empty() || time - runs.back().last > kStray_s) runs.push_back({time, time, 0});
    runs.back().last = time;
    ++runs.back().readings;
  }
  return runs;
}

struct DayOfReadings {
  mdm::LocalDay day;
  std::vector<Reading> readings;  // in order of arrival
};

// Every day from the first to the last reading, also those without any.
std::map<std::int32_t, DayOfReadings> days_of(const mdm::DayCalendar& calendar,
                                              const std::vector<Reading>& readings) {
  std::map<std::int32_t, DayOfReadings> days;
  mdm::LocalDay day;
  day.length_s = 0;
  for (const Reading& reading : readings) {
    if (reading.time <= day.start || reading.time - day.start > day.length_s)
      day = calendar.day_of_end(reading.time);
    DayOfReadings& place = days[day.number];
    place.day = day;
    place.readings.push_back(reading);
  }
  if (days.empty() || days.rbegin()->first - days.begin()->first > 100'000) return days;
  const std::int32_t last = days.rbegin()->first;
  for (auto at = days.begin(); at->first != last; ++at) {
    const mdm::LocalDay& before = at->second.day;
    const mdm::LocalDay next = calendar.day_at(before.start + before.length_s);
    days.try_emplace(next.number, DayOfReadings{next, {}});
  }
  return days;
}

std::vector<mdm::RegisterPoint> points_of(const Series* registers, UtcSeconds from, UtcSeconds to) {
  std::vector<mdm::RegisterPoint> points;
  if (registers == nullptr) return points;
  for (const Reading& r : registers->readings) {
    if (r.time >= from && r.time <= to) points.push_back({r.time, r.value});
  }
  return points;
}

class ChannelRun {
 public:
  ChannelRun(const VeeOptions& options, const SeriesKey& key, const Series& series,
             const BesideIt& beside, VeeSummary& summary, const PrintRecord& print)
      : options_(options),
        key_(key),
        channel_(series.channel),
        series_(series),
        registers_(beside.registers),
        beside_(beside),
        calendar_(options.zone, options.facts.holidays),
        summary_(summary),
        print_(print) {}

  Status run() {
    const mdm::RuleSet* found = options_.rules.find(options_.customer_class, channel_.unit);
    if (found == nullptr) {
      return make_error(ErrorCode::kNotFound, "no [[rules]] fit class '" + options_.customer_class +
                                                  "' and unit '" +
                                                  std::string(symbol(channel_.unit)) + "'");
    }
    rules_ = mdm::scaled_to(*found, channel_.exponent);
    in_.channel = &channel_;
    in_.now = options_.now;
    const mdm::UtilityFacts& facts = options_.facts;
    in_.point.rating_per_hour = facts.rating("", options_.customer_class, key_.serial, "",
                                             channel_.unit, channel_.exponent, 1);
    in_.face.modulus = facts.dial(key_.serial, "", channel_.unit);
    in_.face.interval_exponent = channel_.exponent;
    in_.face.rollover_from_permille = rules_.rollover_from_permille;
    if (registers_ != nullptr) {
      in_.face.exponent = registers_->channel.exponent;
      in_.point.register_resolution = 1;
      for (int e = channel_.exponent; e < in_.face.exponent; ++e)
        in_.point.register_resolution *= 10;
    }
    leave_out_strays();
    AMITY_CHECK(validate());
    estimate();
    for (std::size_t d = 0; d < days_.size(); ++d) {
      print_findings(days_[d]);
      AMITY_CHECK(settle(d));
    }
    print_closures();
    return {};
  }

 private:
  struct Day {
    mdm::DayGrid grid;
    mdm::DayVerdict verdict;
    std::vector<std::uint8_t> open;
    std::vector<mdm::RegisterPoint> registers;
    std::optional<mdm::DayGrid> reactive;
  };

  void leave_out_strays() {
    readings_ = series_.readings;
    const std::vector<Stretch> runs = stretches_of(readings_);
    if (runs.size() < 2) return;
    const Stretch most = *std::ranges::max_element(runs, {}, &Stretch::readings);
    for (const Stretch& run : runs) {
      if (run.first == most.first) continue;
      VeeRecord out = record("finding", run.last);
      out.rule = mdm::to_string(Rule::kClock);
      out.outcome = mdm::to_string(mdm::Outcome::kFail);
      out.text = "fail: readings of " + to_iso(run.first) + " to " + to_iso(run.last) + ", " +
                 std::to_string(run.readings) +
                 " of them, are more than 400 days from the others: left out";
      ++summary_.by_rule[out.rule];
      print_(out);
    }
    std::erase_if(readings_,
                  [&](const Reading& r) { return r.time < most.first || r.time > most.last; });
  }

  Status validate() {
    mdm::ChannelState state;
    std::map<std::int32_t, DayOfReadings> reactive;
    if (beside_.reactive != nullptr)
      reactive = days_of(calendar_, in_our_exponent(*beside_.reactive));
    for (const auto& [number, of_day] : days_of(calendar_, readings_)) {
      Day& day = days_.emplace_back();
      AMITY_CHECK(mdm::lay_out(of_day.readings, of_day.day, channel_.interval_s, day.grid));
      day.registers =
          points_of(registers_, of_day.day.start, of_day.day.start + of_day.day.length_s);
      if (const auto at = reactive.find(number); at != reactive.end()) {
        AMITY_CHECK(mdm::lay_out(at->second.readings, of_day.day, channel_.interval_s,
                                 day.reactive.emplace()));
      }
      look_at(day, day.grid);
      mdm::validate_day(rules_, in_, state, day.verdict);
      const std::size_t open = mdm::slots_to_estimate(rules_, day.grid, day.verdict, day.open);
      mdm::absorb_day(in_, day.verdict, open, state);
      AMITY_CHECK(window_.add(day.grid, day.open));
    }
    return {};
  }

  void estimate() {
    if (window_.size() == 0) return;
    const auto points = points_of(registers_, window_.start(), window_.end_of(window_.size() - 1));
    mdm::EstimateInput input;
    input.window = &window_;
    input.face = in_.face;
    input.registers = points;
    input.last_year = &window_;
    std::optional<mdm::ClassProfile> profile;
    if (const auto* use = options_.facts.profile(options_.customer_class, channel_.unit)) {
      profile = mdm::class_profile(*use, channel_.interval_s);
      input.profile = profile ? &*profile : nullptr;
      input.average_daily_load = mean_day();
      if (input.average_daily_load <= 0)
        input.average_daily_load = mdm::raw_amount(use->daily, channel_.exponent);
    }
    std::vector<std::int64_t> check;
    std::vector<std::uint8_t> check_known;
    if (beside_.check != nullptr) {
      check.assign(window_.size(), 0);
      check_known.assign(window_.size(), 0);
      for (const Reading& r : in_our_exponent(*beside_.check)) {
        const auto at = window_.boundary(r.time);
        if (!at || *at == 0 || r.quality.bits != 0) continue;
        check[*at - 1] = r.value;
        check_known[*at - 1] = 1;
      }
    }
    input.check = check;
    input.check_known = check_known;
    mdm::estimate(options_.policy, input, estimates_);
  }

  // The day's grid, raw or as estimated, with what is beside it.
  void look_at(const Day& day, const mdm::DayGrid& grid) {
    in_.grid = &grid;
    in_.registers = day.registers;
    in_.reactive = day.reactive ? &*day.reactive : nullptr;
  }

  // Another series in the channel's raw integers; what has more digits than it is left out.
  std::vector<Reading> in_our_exponent(const Series& other) const {
    std::vector<Reading> readings;
    for (Reading r : other.readings) {
      const auto value = rescale({r.value, other.channel.exponent}, channel_.exponent);
      if (!value.ok()) continue;
      r.value = *value;
      readings.push_back(r);
    }
    return readings;
  }

  // Of the days that are whole; 0 without any.
  std::int64_t mean_day() const {
    std::int64_t days = 0;
    __int128 sum = 0;
    for (const Day& day : days_) {
      if (day.verdict.usable != day.grid.slots) continue;
      sum += day.verdict.total;
      ++days;
    }
    return days == 0 ? 0 : static_cast<std::int64_t>(sum / days);
  }

  VeeRecord record(const char* kind, UtcSeconds time) const {
    VeeRecord r;
    r.record = kind;
    r.serial = key_.serial;
    r.channel = key_.channel;
    r.name = key_.name;
    r.utc = to_iso(time);
    r.local = options_.zone.to_iso_local(time);
    r.unit = symbol(channel_.unit);
    return r;
  }

  std::string amount(std::int64_t value) const {
    return to_string(Decimal{value, channel_.exponent});
  }

  void print_findings(const Day& day) {
    ++summary_.days;
    summary_.days_failed += day.verdict.worst == mdm::Outcome::kFail;
    summary_.days_warned += day.verdict.worst == mdm::Outcome::kWarn;
    for (const VeeRecord& out : findings("finding", day.verdict, day.grid, mdm::Outcome::kWarn)) {
      ++summary_.by_rule[out.rule];
      print_(out);
    }
  }

  std::vector<VeeRecord> findings(const char* kind, const mdm::DayVerdict& verdict,
                                  const mdm::DayGrid& grid, mdm::Outcome from) const {
    std::vector<VeeRecord> all;
    for (std::size_t r = 0; r < kRules; ++r) {
      const mdm::Finding& f = verdict.findings[r];
      if (f.outcome < from) continue;
      VeeRecord& out = all.emplace_back(record(kind, grid.day.start + grid.day.length_s));
      out.rule = mdm::to_string(static_cast<Rule>(r));
      out.outcome = mdm::to_string(f.outcome);
      out.text = mdm::explain(f, grid, channel_, options_.zone);
    }
    return all;
  }

  // Prints the day's intervals and looks at the final ones again.
  Status settle(std::size_t d) {
    Day& day = days_[d];
    std::vector<Reading> final;
    for (std::size_t i = 0; i < day.grid.slots; ++i) {
      VeeRecord out = record("interval", day.grid.end_of(i));
      if (day.grid.present[i] != 0) out.raw = amount(day.grid.value[i]);
      const std::uint16_t marks = day.verdict.failed[i] | day.verdict.warned[i];
      for (std::size_t r = 0; r < kRules; ++r) {
        if ((marks >> r & 1) == 0) continue;
        if (!out.rule.empty()) out.rule += ' ';
        out.rule += mdm::to_string(static_cast<Rule>(r));
      }
      if (day.open[i] != 0) {
        take_estimate(day.grid.end_of(i), out, final);
      } else {
        out.final = out.raw;
        out.code = "A";
        final.push_back(
            {channel_.id, day.grid.end_of(i), day.grid.value[i], day.grid.quality_of(i)});
      }
      if (options_.every_interval || marks != 0 || day.open[i] != 0) print_(out);
    }
    mdm::DayGrid settled;
    AMITY_CHECK(mdm::lay_out(final, day.grid.day, channel_.interval_s, settled));
    look_at(day, settled);
    mdm::validate_day(rules_, in_, settled_state_, day.verdict);
    mdm::absorb_day(in_, day.verdict, 0, settled_state_);
    summary_.days_failed_after += day.verdict.worst == mdm::Outcome::kFail;
    for (const VeeRecord& out : findings("unresolved", day.verdict, settled, mdm::Outcome::kFail))
      print_(out);
    return {};
  }

  void take_estimate(UtcSeconds end, VeeRecord& out, std::vector<Reading>& final) {
    const mdm::SlotEstimate& e = estimates_.slots[next_++];
    out.text = std::string(mdm::to_string(e.method)) + (e.scaled ? ", scaled to the register" : "");
    ++summary_.by_method[std::string(mdm::to_string(e.method))];
    if (e.method == mdm::Method::kNone) {
      out.code = "N";
      ++summary_.open;
      return;
    }
    out.final = amount(e.value);
    out.code = mdm::nem12_code(e.method, false);
    ++summary_.estimated;
    final.push_back({channel_.id, end, e.value, Quality{}.with(QualityFlag::kEstimated)});
  }

  void print_closures() {
    for (const mdm::SegmentReport& segment : estimates_.segments) {
      const std::string closure(mdm::to_string(segment.closure));
      ++summary_.by_closure[closure];
      if (segment.closure == mdm::Closure::kUnbounded) continue;
      VeeRecord out = record("closure", window_.end_of(segment.last - 1));
      out.outcome = closure;
      out.text = "register " + amount(segment.advance) + ", actual " + amount(segment.actual) +
                 ", estimated " + amount(segment.estimated);
      print_(out);
    }
  }

  const VeeOptions& options_;
  const SeriesKey& key_;
  const Channel& channel_;
  const Series& series_;
  std::vector<Reading> readings_;  // of it, without strays
  const Series* registers_;
  const BesideIt& beside_;
  mdm::DayCalendar calendar_;
  VeeSummary& summary_;
  const PrintRecord& print_;
  mdm::RuleSet rules_;
  mdm::DayInput in_;
  std::vector<Day> days_;
  mdm::SeriesWindow window_;
  mdm::Estimates estimates_;
  std::size_t next_ = 0;  // of estimates_.slots
  mdm::ChannelState settled_state_;
};

}  // namespace

Status vee_channel(const VeeOptions& options, const SeriesKey& key, const Series& series,
                   const BesideIt& beside, VeeSummary& summary, const PrintRecord& print) {
  return ChannelRun(options, key, series, beside, summary, print).run();
}

}  // namespace amity::app
