// A service point over time: which meter hung there from when to when, how its register is read,
// its CT x VT ratio, and who lived there. From master data; ascending by time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"

namespace amity::mdm {

struct RatioChange {
  UtcSeconds from;
  std::int64_t ct = 1, vt = 1;  // the multiplier is their product
};

struct Installation {
  DeviceId device;
  ChannelId registers;               // the cumulative register
  UtcSeconds from;                   // commissioned or exchanged in
  std::optional<UtcSeconds> to;      // removed; none: still there
  std::int64_t first = 0;            // register when installed
  std::optional<std::int64_t> last;  // register when removed
  int digits = 0;                    // of the dial's integer, 0: it does not roll over
  std::int8_t exponent = 0;          // of the register
  std::vector<RatioChange> ratios;   // the first from `from` on; empty: 1

  // The multiplier in force at `time`.
  std::int64_t multiplier_at(UtcSeconds time) const;
};

struct Occupancy {
  CustomerId customer;
  UtcSeconds from;               // moved in
  std::optional<UtcSeconds> to;  // moved out
};

struct PointHistory {
  ServicePointId point;
  std::vector<Installation> installations;
  std::vector<Occupancy> occupancies;
};

// Ascending, not overlapping, within the limits; a removed meter has its last reading. The reason
// names the meter.
Status check(const PointHistory& history);

}  // namespace amity::mdm
