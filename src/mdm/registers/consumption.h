// What a service point used between two instants, by its registers: through rollover, meter
// exchange, change of CT or VT, commissioning and move in or out. Integers; where a register was
// not read at a bound, it is interpolated on its own dial (floor), so that adjacent periods always
// sum to the period over both.
#pragma once

#include <span>
#include <vector>

#include "mdm/profile/register_track.h"
#include "mdm/registers/point_history.h"

namespace amity::mdm {

// Readings of the registers of a service point, ascending by time, of whichever meter hung there.
struct RegisterReading {
  DeviceId device;
  UtcSeconds time;
  std::int64_t value = 0;  // in the register's unit and exponent
};

// What was not plain. A set of bits; 0 = exact, every bound read.
enum class UseFlag : std::uint16_t {
  kInterpolated = 1 << 0,  // a bound lies between two readings
  kNotBounded = 1 << 1,    // no reading at or beyond a bound: counted up to the last one known
  kNoMeter = 1 << 2,       // no meter hung there for part of it
  kRollover = 1 << 3,      // informative
  kExchange = 1 << 4,      // informative
  kRatioChange = 1 << 5,   // informative: a reading stands at the change, or it is interpolated
  kDecreased = 1 << 6,     // a register fell: that step counts 0
  kInexact = 1 << 7,       // no whole number of the wanted unit: rounded half away from 0
  kTooLarge = 1 << 8,      // beyond any measurement: counts 0
};

struct PointUse {
  std::int64_t units = 0;  // x 10^exponent
  std::uint16_t flags = 0;
  std::uint32_t steps = 0;  // pairs of readings that were summed

  bool has(UseFlag flag) const { return (flags & static_cast<std::uint16_t>(flag)) != 0; }
  // Nothing estimated, nothing doubtful.
  bool exact() const {
    constexpr auto kPlain = static_cast<std::uint16_t>(UseFlag::kRollover) |
                            static_cast<std::uint16_t>(UseFlag::kExchange) |
                            static_cast<std::uint16_t>(UseFlag::kRatioChange);
    return (flags & ~kPlain) == 0;
  }
};

// (from, to] in units of 10^exponent. kInvalid when the history does not hold together.
Result<PointUse> use_between(const PointHistory& history, std::span<const RegisterReading> readings,
                             UtcSeconds from, UtcSeconds to, int exponent);

struct TenantUse {
  CustomerId customer;  // none: vacant
  UtcSeconds from, to;
  PointUse use;
};
// The same, split at every move in and move out; vacant stretches included.
Result<std::vector<TenantUse>> use_by_tenant(const PointHistory& history,
                                             std::span<const RegisterReading> readings,
                                             UtcSeconds from, UtcSeconds to, int exponent);

}  // namespace amity::mdm
