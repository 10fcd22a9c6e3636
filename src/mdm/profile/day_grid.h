// One channel's local day as arrays. Slot i is the interval that ends at start + (i + 1) x
// interval. A buffer to be reused: laying out a day allocates nothing once the buffer has grown.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mdm/profile/local_day.h"
#include "model/reading.h"

namespace amity::mdm {

// What was odd about the arrival of a day's readings. Raw values are never changed by it.
struct ArrivalRemarks {
  std::uint32_t duplicates = 0;  // the same time and value again
  std::uint32_t conflicts = 0;   // another value for a time that had one; the newest is in the grid
  std::uint32_t off_grid =
      0;  // ends between two slots: would overlap its neighbours; not in the grid
  std::uint32_t out_of_order = 0;    // ends before its predecessor
  std::uint32_t outside = 0;         // not of this day; not in the grid
  std::uint32_t implausible = 0;     // beyond kMagnitudeMax; not in the grid
  std::int32_t first_conflict = -1;  // slot
};

struct DayGrid {
  LocalDay day;
  std::uint32_t interval_s = 0;
  std::size_t slots = 0;
  std::uint32_t present_count = 0;
  ArrivalRemarks arrival;
  std::vector<std::int64_t> value;     // [slots], 0 where not present
  std::vector<std::uint16_t> quality;  // [slots]
  std::vector<std::uint8_t> present;   // [slots], 0 or 1

  UtcSeconds end_of(std::size_t slot) const {
    return day.start + static_cast<std::int64_t>(slot + 1) * interval_s;
  }
  Quality quality_of(std::size_t slot) const { return Quality{quality[slot]}; }
};

// `readings` in order of arrival, of one channel. kInvalid when the interval divides no hour or is
// too short.
Status lay_out(std::span<const Reading> readings, const LocalDay& day, std::uint32_t interval_s,
               DayGrid& grid);

}  // namespace amity::mdm
