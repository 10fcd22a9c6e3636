// A channel: one measured quantity of one device, with everything needed to read its integers.
#pragma once

#include <cstdint>
#include <string>

#include "base/units.h"
#include "model/ids.h"

namespace amity {

enum class ChannelKind : std::uint8_t {
  kInterval = 0,  // consumption or mean per interval (load profile)
  kRegister = 1,  // cumulative register, read at an instant (daily billing, on demand)
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
};

}  // namespace amity
