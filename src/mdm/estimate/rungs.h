// The rungs of the ladder. Each fills `out` for slots [first, last) of the window, or says that it
// does not hold. Not for other rooms.
#pragma once

#include "mdm/estimate/estimate.h"

namespace amity::mdm {

struct Gap {
  std::size_t first = 0, last = 0;  // [first, last): open, and its neighbours are not
};

using Out = std::span<std::int64_t>;  // one amount a slot of the gap

bool from_check_channel(const EstimateInput& input, Gap gap, Out out);
bool from_linear(const EstimatePolicy& policy, const SeriesWindow& window, Gap gap, Out out);
// How many like days were averaged at least, at any slot; 0: it does not hold.
int from_like_days(const EstimatePolicy& policy, const SeriesWindow& window, Gap gap, Out out);
bool from_blend(Shape shape, const SeriesWindow& window, Gap gap, Out out);
bool from_last_year(const EstimateInput& input, Gap gap, Out out);
bool from_class_profile(const EstimateInput& input, Gap gap, Out out);

}  // namespace amity::mdm
