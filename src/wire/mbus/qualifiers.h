// What combinable VIFEs say about a value (EN 13757-3, tables 16 and 17): corrections, limits,
// durations, phases, errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/mbus/record_head.h"

namespace amity::mbus {

struct Qualifiers {
  int exponent = 0;                       // multiplicative corrections, summed
  std::optional<int> additive_exponent;   // 10^n is added to the value
  std::string_view quantity;              // replaces the VIF's: "duration", "count", ...
  std::string_view unit;                  // with `quantity`
  std::string_view per;                   // "hour", "m3", ...: the unit is per this
  std::int32_t factor = 1;                // with `quantity`: durations
  std::optional<ValueClass> value_class;  // with `quantity`
  std::string note;
  bool error = false;   // the meter says that the value is none
  bool future = false;  // the value is of the future: not what the date of its storage says
};

// `out` is overwritten.
void read_qualifiers(const RecordHead& head, Qualifiers& out);

}  // namespace amity::mbus
