// A reading: one value of one channel at one time, with its quality.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"

namespace amity {

// What the meter (or whoever measured) says of the value. A set of bits; 0 = actual, nothing to remark.
enum class QualityFlag : std::uint16_t {
  kPowerDown = 1 << 0,       // supply was lost during the interval
  kClockInvalid = 1 << 1,    // the meter's clock was not trustworthy
  kClockAdjusted = 1 << 2,   // the clock was set during the interval
  kDaylightSaving = 1 << 3,  // informative: the meter's clock showed summer time
  kDataInvalid = 1 << 4,     // the meter marks the value as not usable
  kPartial = 1 << 5,         // shorter or longer than the channel's interval
  kEstimated = 1 << 6,
  kEdited = 1 << 7,
  kOverflow = 1 << 8,
  kWatchdog = 1 << 9,        // the meter reports a critical internal error
};

struct Quality {
  std::uint16_t bits = 0;

  constexpr bool has(QualityFlag flag) const { return (bits & static_cast<std::uint16_t>(flag)) != 0; }
  constexpr Quality with(QualityFlag flag) const {
    return Quality{static_cast<std::uint16_t>(bits | static_cast<std::uint16_t>(flag))};
  }
  friend constexpr auto operator<=>(Quality, Quality) = default;
};

// "A" actual, "E" estimated, "F" edited, "S" suspect (clock, invalid, partial, overflow): the letter shown at a value.
char quality_letter(Quality quality);
// "power_down clock_invalid", "" for none.
std::string to_string(Quality quality);

struct Reading {
  ChannelId channel;
  UtcSeconds time;         // end of the interval, or the instant of a register reading
  std::int64_t value = 0;  // in the channel's unit x 10^exponent
  Quality quality;

  friend bool operator==(const Reading&, const Reading&) = default;
};

}  // namespace amity
