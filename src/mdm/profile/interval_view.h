// A stretch of a channel's final intervals as arrays of the caller's: what aggregation,
// determinants and rating read. Slot i is the interval that ends at start + (i + 1) x interval.
#pragma once

#include <cstdint>
#include <span>

#include "base/time.h"
#include "model/ids.h"

namespace amity::mdm {

// Where a final value came from. Ascending: the worst of several is the highest.
enum class SlotQuality : std::uint8_t {
  kActual = 0,
  kEdited = 1,     // by a person, with a reason
  kEstimated = 2,  // by a method of the ladder
  kFailed = 3,     // a rule failed it, and nothing replaced it
  kMissing = 4,    // no value; counts as 0 in sums
};
inline constexpr std::size_t kSlotQualities = 5;

struct IntervalView {
  ChannelId channel;
  UtcSeconds start;
  std::uint32_t interval_s = 0;
  std::int8_t exponent = 0;              // of `value`, after the channel's multiplier
  std::span<const std::int64_t> value;   // 0 where missing
  std::span<const SlotQuality> quality;  // as many

  std::size_t slots() const { return value.size(); }
  UtcSeconds end_of(std::size_t slot) const {
    return start + static_cast<std::int64_t>(slot + 1) * interval_s;
  }
  UtcSeconds end() const { return start + static_cast<std::int64_t>(slots()) * interval_s; }
};

}  // namespace amity::mdm
