// What a frame says, whatever the protocol it came in: the one shape that every decoder of `wire/`
// fills and that `amity decode` prints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/civil.h"
#include "base/decimal.h"

namespace amity::wire {

// A wall clock as a meter states it: to a day, a minute or a second; with its offset to UTC where
// it says so.
struct MeterTime {
  enum class Precision : std::uint8_t { kNone, kDay, kMinute, kSecond };
  std::int16_t year = 0;
  std::uint8_t month = 0, day = 0, hour = 0, minute = 0, second = 0;
  Precision precision = Precision::kNone;
  bool daylight_saving = false;                    // the meter says that it shows summer time
  std::optional<std::int16_t> utc_offset_minutes;  // east of Greenwich
};

// The same date and time of day, to the second, without an offset.
MeterTime to_meter_time(const CivilTime& civil);

// ISO 8601: "2026-11-20", "2026-11-20T14:15", "2026-11-20T14:15:00+01:00"; empty for kNone.
std::string to_string(const MeterTime& time);

// Note of a value that was sent without its scaler and unit: it may be off by a power of ten.
inline constexpr std::string_view kScalerNotSent = "scaler and unit not sent";

struct Reading {
  // Static words (or of a meter model, which outlives the report): "volume", "active energy
  // import", "flow temperature"; empty where unknown.
  std::string_view quantity;
  // Likewise: Wh, varh, VAh, W, var, VA, V, A, Hz, m3, m3/h, J, degC, K, bar, s, %, ...; empty
  // where the value has none.
  std::string_view unit;
  // Exact where the meter sends integers; double where it sends a float; text.
  std::variant<Decimal, double, std::string> value = Decimal{};
  // Likewise: "total", "instantaneous", "minimum", "maximum", "value during error", ...
  std::string_view kind;
  MeterTime time;  // that the value belongs to, where the frame says so
  std::uint64_t storage = 0;
  std::uint32_t tariff = 0, subunit = 0;
  // Where the protocol names its values: OBIS, "ST23.item 4", register number, or the raw DIF/VIF.
  std::string id;
  // Qualifiers without a field of their own: "per phase L1", "backward flow"; empty mostly.
  std::string note;
};

struct Event {
  std::int64_t code = 0;
  std::string text;  // what the code means, where that is known
  MeterTime time;
  std::string id;
};

// Bytes that were understood as present but not as to meaning: shown, never dropped.
struct Unknown {
  std::optional<std::size_t> offset;  // nothing: what was understood no longer says where it stood
  std::string id;                     // where there is one
  std::string hex;                    // the bytes, upper case
};

struct MeterIdentity {
  std::string id;            // serial or identification number, as printed on the meter
  std::string manufacturer;  // three-letter code or name
  std::string medium;        // "electricity", "water", "gas", "heat", ...
  std::string model, version;
};

struct SecurityReport {
  std::string_view mode = "none";  // static
  bool ok = true;                  // opened; and, where there is a tag, it was right
  std::string reason;              // where not ok: no key, wrong key, ...
  // Of protocols that have them (DLMS): the suite, the sender's counter and system title.
  std::optional<int> suite;
  std::optional<std::uint32_t> invocation_counter;
  std::string system_title;  // 16 digits
};

// One part of the frame, for `--explain`: every byte belongs to exactly one of the innermost parts.
struct Part {
  std::size_t offset = 0, size = 0;
  int depth = 0;
  std::string meaning;  // "L-field", "manufacturer", "VIF"
  std::string value;    // as a person reads it; may be empty
};

// Reused between frames: clear() keeps the memory.
struct Report {
  std::string_view protocol;  // static: "wmbus", "mbus", "sml", "p1", "c1222", ...
  MeterIdentity meter;
  SecurityReport security;
  MeterTime time;  // of the frame
  std::optional<std::uint32_t>
      status;  // the meter's status word, where the protocol has one: bits per model
  std::vector<Reading> readings;
  std::vector<Event> events;
  std::vector<Unknown> unknown;
  // Facts of the protocol itself, in order, e.g. {"access_number", "37"}, {"status", "low
  // battery"}.
  std::vector<std::pair<std::string_view, std::string>> details;
  bool explain = false;  // set by the caller: fill `layout`
  std::vector<Part> layout;

  void clear();
};

// One JSON object without a line end, appended to `out`.
void append_json(const Report& report, std::string& out);

}  // namespace amity::wire
