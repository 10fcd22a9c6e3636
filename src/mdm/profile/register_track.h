// Register readings of a channel's meter over time, and what was used between two of them: through
// a rollover of the dial, a meter exchange and a change of multiplier. All in 64-bit integers.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "base/time.h"

namespace amity::mdm {

enum class PointKind : std::uint8_t {
  kRead = 0,
  kRemoved = 1,    // last reading of a meter that was taken away
  kInstalled = 2,  // first reading of the meter that follows
};

struct RegisterPoint {
  UtcSeconds time;
  std::int64_t value = 0;  // in the register's unit and exponent
  PointKind kind = PointKind::kRead;
  std::int64_t multiplier = 1;  // CT x VT ratio from this instant on
};

// How the register of a channel is read.
struct RegisterFace {
  std::int64_t modulus = 0;  // 10^digits in the register's integer; 0: it does not roll over
  std::int8_t exponent = 0;  // of the register
  std::int8_t interval_exponent = 0;     // of the channel that the advance is compared with
  std::int64_t interval_multiplier = 1;  // applied downstream to the channel's raw values
  std::int32_t rollover_from_permille =
      900;  // a decrease from above this share of the dial is a rollover
};

enum class AdvanceKind : std::uint8_t {
  kForward,
  kRollover,
  kExchange,
  kDecreased,
  kInexact,
  kTooLarge
};

struct Advance {
  AdvanceKind kind = AdvanceKind::kForward;  // the most notable of all steps
  std::int64_t units =
      0;  // in the interval channel's raw integers; rounded half away from 0 when kInexact
  std::uint32_t rollovers = 0, exchanges = 0, multiplier_changes = 0;
  std::int64_t from = 0, to = 0;  // the register values of the step that `kind` speaks of

  bool usable() const { return kind != AdvanceKind::kDecreased && kind != AdvanceKind::kTooLarge; }
  bool exact() const { return usable() && kind != AdvanceKind::kInexact; }
};

// The advance from the first to the last point; points ascend by time. Nothing is used between
// kRemoved and kInstalled.
Advance advance_over(std::span<const RegisterPoint> points, const RegisterFace& face);

}  // namespace amity::mdm
