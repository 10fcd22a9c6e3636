// The one shape of readings in a file: whose, of what, and value after value. Every reader feeds a
// SeriesSink; every writer takes the same series and values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "model/channel.h"
#include "model/event.h"
#include "model/reading.h"

namespace amity::exchange {

struct MeterSeries {
  std::string serial;  // of the meter; "" where the format names the point alone
  std::string point;   // of delivery: NMI, usage point, market location; "" where the meter alone
  std::string name;    // as channels are named: "import", "export", "reactive_import", ...
  std::string source;  // as the file names it: "E1", "1-0:1.29.0*255", a ReadingType
  ChannelKind kind = ChannelKind::kInterval;
  Unit unit = Unit::kNone;
  std::uint32_t interval_s = 0;  // 0: registers, or periods that differ in length
  bool interval_known = true;    // false: rows that tell neither their length nor their kind
  // That whoever bills has yet to apply; values are without it. 0: not told, that of the channel.
  std::int64_t multiplier = 1;

  friend bool operator==(const MeterSeries&, const MeterSeries&) = default;
};

struct SeriesValue {
  UtcSeconds time;               // end of the interval, instant of a register
  std::uint32_t duration_s = 0;  // of the interval; 0 for a register
  Decimal value;                 // in the series' unit
  Quality quality;
  // Of a substitute, as NEM12 numbers them (mdm::Method), + kForwardEstimate; 0: none told.
  std::uint8_t method = 0;
  // Why, as NEM12 has it: "76", "76,Communications Fault"; "" none told. One comma at most.
  std::string reason = {};

  friend bool operator==(const SeriesValue&, const SeriesValue&) = default;
};

struct MeterEvent {
  std::string serial;
  Event event;
};

struct Problem {
  std::size_t line = 0;  // of the file, from 1
  bool refused = true;   // something was left out; false: it was kept, and is told
  std::string reason;
};

class SeriesSink {
 public:
  virtual ~SeriesSink() = default;
  // The values that follow are of this series, until the next. `line` is where it is described.
  virtual void on_series(const MeterSeries& series, std::size_t line) = 0;
  virtual void on_value(const SeriesValue& value, std::size_t line) = 0;
  virtual void on_event(const MeterEvent& event, std::size_t line) = 0;
  virtual void on_problem(const Problem& problem) = 0;
};

// A file of one format, piece by piece as it comes; memory is bounded by limits.h, whatever comes.
class SeriesReader {
 public:
  virtual ~SeriesReader() = default;
  virtual void feed(std::string_view bytes) = 0;
  virtual void finish() = 0;  // once, at the end: what is incomplete is told
};

// A file of one format, appended to `out`, which the caller empties as it likes. Series come one
// after the other, values ascending. An error leaves that series (or value) out; the file stays
// well-formed, and finish() ends it.
class SeriesWriter {
 public:
  virtual ~SeriesWriter() = default;
  virtual Status begin_series(const MeterSeries& series, std::string& out) = 0;
  virtual Status value(const SeriesValue& value, std::string& out) = 0;
  virtual Status finish(std::string& out) = 0;
};

// What a reason quotes of the input: shortened, without control characters.
std::string quoted(std::string_view text);

}  // namespace amity::exchange
