// What a rule found: its outcome, and the numbers that led there, structured and as a sentence.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "mdm/profile/day_grid.h"
#include "mdm/validate/rules.h"
#include "model/channel.h"

namespace amity::mdm {

enum class Outcome : std::uint8_t { kSkipped = 0, kPass = 1, kWarn = 2, kFail = 3 };
std::string_view to_string(Outcome outcome);

// What exactly was looked at. The meaning of Finding::n is in the comment, in raw integers of the
// channel unless said.
enum class Check : std::uint8_t {
  kOff,               // the rule is switched off
  kNotKnown,          // what the rule needs is not known (no rating, no registers, ...)
  kVerified,          // spared by the sum check
  kBelowFloor,        // n0 highest, n1 floor
  kTooFewDays,        // n0 days known, n1 days wanted
  kNothingThere,      // no interval to look at
  kHeld,              // nothing to remark
  kDevice,            // n0 reported, n1 expected device id
  kMultiplier,        // n0 reported, n1 expected
  kUnit,              // n0 reported, n1 expected unit code
  kInterval,          // n0 reported, n1 expected seconds
  kClockOffset,       // n0 seconds off, n1 limit
  kFuture,            // n0 end of the interval, n1 now (UTC seconds)
  kBeforeCommission,  // n0 end of the interval, n1 commissioned
  kGap,               // n0 present, n1 expected, n2 longest gap in intervals
  kConflict,          // n0 times with several values
  kOverlap,           // n0 intervals that lie across slots
  kOutside,           // n0 intervals of another day
  kImplausible,       // n0 values beyond any measurement
  kDuplicate,         // n0 repeated readings
  kOutOfOrder,        // n0 readings earlier than their predecessor
  kStatusFlags,       // n0 intervals, n1 union of their quality bits
  kOutageUse,         // n0 intervals with power down and use, n1 the first's value
  kNegativeValue,     // n0 intervals, n1 lowest
  kAboveCeiling,      // n0 intervals, n1 highest, n2 ceiling
  kSumAgrees,         // n0 sum, n1 advance, n2 tolerance
  kSumDiffers,        // the same
  kTouDiffers,        // n0 sum of tariff registers, n1 total, n2 tolerance
  kSpikeAbove,        // n0 highest, n1 third highest, n2 threshold per mille
  kJumpAbove,         // n0 value, n1 last valid, n2 threshold per mille, n3 how many
  kZeroRun,           // n0 intervals in a row, n1 limit
  kStuckRun,          // n0 intervals in a row, n1 limit, n2 value
  kWithin,            // high/low: n0 mean a day, n1 mean a day before, n2 low, n3 high per mille
  kOutsidePrevious,   // the same
  kOutsideLastYear,   // the same, of the period 364 days ago
  kOutsideLikeDays,   // n0 the day, n1 mean of like days, n2 low, n3 high per mille
  kPeakAbove,         // n0 highest, n1 highest of the period before, n2 threshold per mille
  kPowerFactorLow,    // n0 active, n1 reactive energy of the day, n2 power factor, n3 minimum per
                      // mille
  kReactiveAlone,     // n0 intervals with reactive but no active energy
  kRolledOver,        // n0 from, n1 to (register), n2 advance
  kExchanged,         // n0 meters exchanged, n1 advance
  kDecrease,          // n0 from, n1 to (register), n2 modulus
  kIdle,              // n0 days without use, n1 limit
  kUseInactive,       // n0 use of the day
  kEstimatedDays,     // n0 days in a row, n1 limit
  // The multiplier changed within an interval: n0 counted in it, n1 of it before the change, n2
  // what it is stated as with the multiplier of its begin, n3 the change (UTC seconds).
  kRatioByRegister,  // n1 by the register, which was read at the change
  kRatioByTime,      // n1 by the share of the time
};
inline constexpr Check kCheckLast = Check::kRatioByTime;

struct Finding {
  Outcome outcome = Outcome::kSkipped;
  Check check = Check::kNotKnown;
  std::int16_t slot = -1;   // the first interval it speaks of; -1: the day
  std::uint16_t slots = 0;  // how many
  std::array<std::int64_t, 4> n{};
};

// "fail: 3 of 96 intervals exceed 5,750 Wh, what the rating allows; the highest is 9,100 Wh, at
// 2026-03-29T14:15+02:00"
std::string explain(const Finding& finding, const DayGrid& grid, const Channel& channel,
                    const TimeZone& zone);

}  // namespace amity::mdm
