// A channel's day held against its registers: sum of the final intervals x multiplier against the
// advance x multiplier, in units of the channel. Every day gets a kind; only kExact and kWithin
// need no person.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "mdm/profile/interval_view.h"
#include "mdm/profile/local_day.h"
#include "mdm/registers/consumption.h"

namespace amity::mdm {

enum class Reconciliation : std::uint8_t {
  kExact = 0,       // equal
  kWithin = 1,      // flagged: the difference is within the register's own resolution
  kEstimated = 2,   // flagged: equal or within, but a bound of the day was interpolated
  kDiffers = 3,     // flagged
  kIncomplete = 4,  // flagged: intervals are missing or failed
  kNoRegister = 5,  // flagged: registers do not bound the day, or fell
};
std::string_view to_string(Reconciliation kind);
inline bool is_flagged(Reconciliation kind) {
  return kind != Reconciliation::kExact;
}
// What a person has to look at before it is billed.
inline bool is_open(Reconciliation kind) {
  return kind >= Reconciliation::kDiffers;
}

struct DayReconciliation {
  std::int32_t day = 0;  // LocalDay::number
  Reconciliation kind = Reconciliation::kNoRegister;
  std::int64_t intervals = 0, advance = 0;  // both with multipliers, x 10^exponent of the channel
  std::uint32_t missing = 0;                // intervals without a usable value
  std::uint16_t flags = 0;                  // of the register's use
};

// `raw`: the day's final intervals as the meter counts them, without multipliers. An interval
// counts with the ratio in force where it begins.
Result<DayReconciliation> reconcile_day(const PointHistory& history,
                                        std::span<const RegisterReading> readings,
                                        const LocalDay& day, const IntervalView& raw);

}  // namespace amity::mdm
