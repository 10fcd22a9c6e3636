#include "mdm/profile/day_grid.h"

#include <algorithm>

#include "mdm/profile/limits.h"

namespace amity::mdm {
namespace {

void place(const Reading& reading, std::size_t slot, DayGrid& grid) {
  if (reading.value > kMagnitudeMax || reading.value < -kMagnitudeMax) {
    ++grid.arrival.implausible;
    return;
  }
  if (grid.present[slot] == 0) {
    grid.present[slot] = 1;
    ++grid.present_count;
  } else if (grid.value[slot] == reading.value && grid.quality[slot] == reading.quality.bits) {
    ++grid.arrival.duplicates;
    return;
  } else {
    ++grid.arrival.conflicts;
    if (grid.arrival.first_conflict < 0)
      grid.arrival.first_conflict = static_cast<std::int32_t>(slot);
  }
  grid.value[slot] = reading.value;
  grid.quality[slot] = reading.quality.bits;
}

}  // namespace

Status lay_out(std::span<const Reading> readings, const LocalDay& day, std::uint32_t interval_s,
               DayGrid& grid) {
  if (interval_s < kIntervalMin_s ||
      (interval_s <= 3'600 ? 3'600 % interval_s : interval_s % 3'600) != 0) {
    return make_error(ErrorCode::kInvalid,
                      "an interval of " + std::to_string(interval_s) + " s divides no hour");
  }
  const std::size_t slots = day.slots(interval_s);
  if (slots > kSlotsPerDayMax) return make_error(ErrorCode::kLimit, "too many intervals in a day");
  grid.day = day;
  grid.interval_s = interval_s;
  grid.slots = slots;
  grid.present_count = 0;
  grid.arrival = {};
  grid.value.assign(slots, 0);
  grid.quality.assign(slots, 0);
  grid.present.assign(slots, 0);
  const std::int64_t step = interval_s;
  std::int64_t expected = step, previous = INT64_MIN;
  std::size_t slot = 0;
  for (const Reading& reading : readings) {
    const std::int64_t offset = reading.time - day.start;
    if (offset < previous) ++grid.arrival.out_of_order;
    previous = offset;
    if (offset != expected) {  // mostly the next one: no division
      if (offset <= 0 || offset > day.length_s) {
        ++grid.arrival.outside;
        continue;
      }
      if (offset % step != 0) {
        ++grid.arrival.off_grid;
        continue;
      }
      slot = static_cast<std::size_t>(offset / step) - 1;
    }
    if (slot >= slots) {
      ++grid.arrival.outside;
      continue;
    }
    place(reading, slot, grid);
    ++slot;
    expected = offset + step;
  }
  return {};
}

}  // namespace amity::mdm
