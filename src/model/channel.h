// A channel: one measured quantity of one device, with everything needed to read its integers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/units.h"
#include "model/ids.h"

namespace amity {

enum class ChannelKind : std::uint8_t {
  kInterval = 0,  // consumption or mean per interval (load profile)
  kRegister = 1,  // cumulative register, read at an instant (daily billing, on demand)
};

// A multiplier from an instant on.
struct MultiplierStep {
  UtcSeconds from;
  std::int64_t multiplier = 1;

  friend bool operator==(const MultiplierStep&, const MultiplierStep&) = default;
};

struct Channel {
  ChannelId id;
  DeviceId device;
  ChannelKind kind = ChannelKind::kInterval;
  std::string name;            // "import", "export", "reactive_import", "voltage_l1", ...
  std::string source;          // where the meter keeps it: "1-0:1.29.0*255" (OBIS)
  Unit unit = Unit::kNone;
  std::int8_t exponent = 0;    // value x 10^exponent units
  std::uint32_t interval_s = 0;  // 0 for registers
  std::int64_t multiplier = 1;   // CT x VT ratio, applied downstream, never to raw values
  std::vector<MultiplierStep> steps = {};  // ascending: until the first of them `multiplier` is in force

  std::int64_t multiplier_at(UtcSeconds time) const {
    std::int64_t in_force = multiplier;
    for (const MultiplierStep& step : steps) {
      if (step.from > time) break;
      in_force = step.multiplier;
    }
    return in_force;
  }
  // Of an interval, by its end: what was in force where it begins.
  std::int64_t multiplier_of(UtcSeconds end) const { return multiplier_at(end - std::int64_t{interval_s}); }
};

// What the CT and VT ratios make of a quantity: their product for energy, power and volume (a water meter has
// one ratio, of its pulses), one of them for current and voltage; nothing for what they do not act on.
std::optional<std::int64_t> multiplier_of_ratios(Unit unit, std::int64_t ct, std::int64_t vt);

}  // namespace amity
