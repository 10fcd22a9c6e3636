// For tests: the values that another decoder gave for captured telegrams, by names that end with
// their unit ("total_m3", "flow_temperature_c"), looked for among the readings.
#pragma once

#include <cmath>
#include <optional>

#include "wire/report/report.h"

namespace amity::mbus::testing {

struct Scale {
  std::string_view suffix, unit;
  double factor;
};
// The suffix of a field's name -> the report's unit, and how many of the field's units one is.
inline constexpr Scale kScales[] = {
    {"_m3h", "m3/h", 1},     {"_m3", "m3", 1},      {"_kwh", "Wh", 1e-3}, {"_kwh", "J", 1 / 3.6e6},
    {"_kwh", "varh", 1e-3},  {"_kwh", "VAh", 1e-3}, {"_kw", "W", 1e-3},   {"_kw", "J/h", 1 / 3.6e6},
    {"_m3c", "m3*degC", 1},  {"_c", "degC", 1},     {"_c", "K", 1},       {"_hca", "", 1},
    {"_h", "s", 1 / 3600.0}, {"_s", "s", 1},        {"_y", "a", 1},       {"_v", "V", 1},
    {"_a", "A", 1},          {"_hz", "Hz", 1},      {"_rh", "%", 1},      {"_pct", "%", 1},
    {"_bar", "bar", 1},      {"_counter", "", 1},   {"_month", "mo", 1},  {"_d", "s", 1 / 86400.0},
    {"_dbm", "dBm", 1}};

inline std::optional<double> number_of(const wire::Reading& reading) {
  if (const auto* exact = std::get_if<Decimal>(&reading.value)) {
    return static_cast<double>(exact->value) * std::pow(10.0, exact->exponent);
  }
  if (const auto* real = std::get_if<double>(&reading.value)) return *real;
  return std::nullopt;
}

inline bool has_number(const wire::Report& report, std::string_view field, double expected) {
  for (const Scale& scale : kScales) {
    if (!field.ends_with(scale.suffix)) continue;
    for (const wire::Reading& reading : report.readings) {
      const auto value = number_of(reading);
      if (!value || reading.unit != scale.unit) continue;
      if (std::abs(*value * scale.factor - expected) <= 1e-6 * std::max(1.0, std::abs(expected)))
        return true;
    }
  }
  return false;
}

}  // namespace amity::mbus::testing
