// Validation and estimation of a whole file: rows in, findings and estimates out. What `amity vee`
// does between reading and printing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "exchange/row_reader.h"
#include "mdm/estimate/estimate.h"
#include "mdm/facts/facts.h"
#include "mdm/validate/validate.h"

namespace amity::app {

struct VeeOptions {
  mdm::RuleBook rules;
  std::string customer_class = "residential";
  TimeZone zone = TimeZone::utc();
  mdm::EstimatePolicy policy;
  mdm::UtilityFacts facts;
  std::uint32_t interval_s = 0;  // 0: the commonest distance of a channel's rows
  UtcSeconds now;
  bool every_interval = false;  // not only those with something to say
};

// One line of the output.
struct VeeRecord {
  const char* record = "";  // "finding" (of a day), "interval", "unresolved" (a finding of the day
                            // as estimated), "closure" (of a stretch between registers)
  std::string serial;
  std::uint32_t channel = 0;
  std::string name, utc, local, raw, final, unit;
  std::string code;  // quality and method as in NEM12: "A", "E17"
  std::string rule, outcome, text;
};

struct VeeSummary {
  std::size_t readings = 0, channels = 0, registers = 0, days = 0;
  std::size_t days_failed = 0, days_warned = 0, days_failed_after = 0;
  std::size_t estimated = 0, open = 0;  // intervals; open: no rung of the ladder held
  std::map<std::string, std::size_t> by_rule, by_method, by_closure;
  std::vector<std::string> refused;  // channels that cannot be looked at, and why
};

// Whose a series is, as the file names it.
struct SeriesKey {
  std::string serial, name;
  Unit unit = Unit::kNone;
  std::uint32_t channel = 0;
  friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
};

struct Series {
  Channel channel;
  std::vector<Reading> readings;  // intervals in order of arrival, registers in order of time
};

using PrintRecord = std::function<void(const VeeRecord&)>;

// What the file holds beside an interval channel; null where it does not.
struct BesideIt {
  const Series* registers = nullptr;  // that bound it
  const Series* check = nullptr;      // a channel of the same intervals that measures the same
  const Series* reactive = nullptr;   // energy of the same meter and intervals
};

// One interval channel.
Status vee_channel(const VeeOptions& options, const SeriesKey& key, const Series& series,
                   const BesideIt& beside, VeeSummary& summary, const PrintRecord& print);

class VeeRun {
 public:
  explicit VeeRun(VeeOptions options) : options_(std::move(options)) {}

  void add(const exchange::ParsedRow& row);
  // Channel by channel, in order of time within a channel's records of one kind.
  Status run(const PrintRecord& print);
  const VeeSummary& summary() const { return summary_; }

 private:
  struct Row {
    UtcSeconds time;
    Decimal value;
    Quality quality;
  };
  static Result<Series> series_of(const SeriesKey& key, const std::vector<Row>& rows,
                                  std::uint32_t interval_s);
  std::uint32_t interval_of(const SeriesKey& key, const std::vector<Row>& rows) const;
  using AllSeries = std::map<SeriesKey, Series>;
  BesideIt beside(const SeriesKey& key, const Series& series, const AllSeries& intervals,
                  const AllSeries& registers) const;

  VeeOptions options_;
  VeeSummary summary_;
  std::map<SeriesKey, std::vector<Row>> rows_;
};

}  // namespace amity::app
