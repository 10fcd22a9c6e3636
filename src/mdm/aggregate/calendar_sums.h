// Sums of a channel by local day, week (Monday first) or month: right over clock changes.
#pragma once

#include <array>
#include <vector>

#include "mdm/profile/interval_view.h"
#include "mdm/profile/local_day.h"

namespace amity::mdm {

enum class Span : std::uint8_t { kDay = 0, kWeek = 1, kMonth = 2 };

struct CalendarSum {
  UtcSeconds from, to;  // the whole day, week or month
  std::int64_t sum = 0;
  std::uint32_t slots = 0;     // intervals of the view in it
  std::uint32_t expected = 0;  // that it has: fewer are there where the view begins or ends within
  std::array<std::uint32_t, kSlotQualities> by_quality{};
  SlotQuality worst = SlotQuality::kActual;

  bool whole() const { return slots == expected; }
};

// kInvalid where the view's intervals lie across local midnight.
Result<std::vector<CalendarSum>> calendar_sums(const IntervalView& view,
                                               const DayCalendar& calendar, Span span);

}  // namespace amity::mdm
