#include "mdm/estimate/rungs.h"

#include <algorithm>

namespace amity::mdm {
namespace {

// Rounded half up; exact for sums of plausible values.
std::int64_t mean_of(std::int64_t sum, std::int64_t count) {
  const std::int64_t twice = 2 * sum + count;
  const std::int64_t quotient = twice / (2 * count);
  return twice % (2 * count) < 0 ? quotient - 1 : quotient;
}

}  // namespace

bool from_check_channel(const EstimateInput& input, Gap gap, Out out) {
  const std::size_t size = input.window->size();
  if (input.check.size() != size || input.check_known.size() != size) return false;
  for (std::size_t i = gap.first; i < gap.last; ++i) {
    if (input.check_known[i] == 0) return false;
    out[i - gap.first] = input.check[i];
  }
  return true;
}

bool from_linear(const EstimatePolicy& policy, const SeriesWindow& window, Gap gap, Out out) {
  const std::size_t length = gap.last - gap.first;
  if (length * window.interval_s() > policy.linear_max_s) return false;
  if (gap.first == 0 || gap.last >= window.size()) return false;
  if (window.state(gap.first - 1) != SlotState::kActual ||
      window.state(gap.last) != SlotState::kActual)
    return false;
  const std::int64_t before = window.value(gap.first - 1), after = window.value(gap.last);
  const auto steps = static_cast<std::int64_t>(length + 1);
  for (std::size_t i = 0; i < length; ++i) {
    const auto step = static_cast<std::int64_t>(i + 1);
    out[i] = mean_of(before * (steps - step) + after * step, steps);
  }
  return true;
}

int from_like_days(const EstimatePolicy& policy, const SeriesWindow& window, Gap gap, Out out) {
  int fewest = INT32_MAX;
  std::vector<std::size_t> like;
  std::size_t of_day = window.day_count();
  for (std::size_t i = gap.first; i < gap.last; ++i) {
    const std::size_t day = window.day_of(i);
    if (day != of_day) {
      like.clear();
      of_day = day;
      const std::size_t oldest =
          day - std::min<std::size_t>(day, static_cast<std::size_t>(policy.look_back_days));
      for (std::size_t d = day;
           d-- > oldest && like.size() < static_cast<std::size_t>(policy.like_days);) {
        if (window.day(d).kind == window.day(day).kind && window.whole(d)) like.push_back(d);
      }
    }
    std::int64_t sum = 0;
    int count = 0;
    for (const std::size_t d : like) {
      if (const auto slot = window.slot_at(d, window.wall_of(i)))
        sum += window.value(*slot), ++count;
    }
    if (count == 0) return 0;
    out[i - gap.first] = mean_of(sum, count);
    fewest = std::min(fewest, count);
  }
  return fewest;
}

bool from_last_year(const EstimateInput& input, Gap gap, Out out) {
  if (input.last_year == nullptr || input.last_year->day_count() == 0) return false;
  const SeriesWindow &window = *input.window, &before = *input.last_year;
  if (before.interval_s() != window.interval_s()) return false;
  for (std::size_t i = gap.first; i < gap.last; ++i) {
    const std::int64_t d =
        std::int64_t{window.day(window.day_of(i)).number} - 364 - before.day(0).number;
    if (d < 0 || d >= static_cast<std::int64_t>(before.day_count())) return false;
    const auto slot = before.slot_at(static_cast<std::size_t>(d), window.wall_of(i));
    if (!slot || before.state(*slot) != SlotState::kActual) return false;
    out[i - gap.first] = before.value(*slot);
  }
  return true;
}

bool from_class_profile(const EstimateInput& input, Gap gap, Out out) {
  const SeriesWindow& window = *input.window;
  if (input.profile == nullptr || input.profile->interval_s != window.interval_s()) return false;
  const std::size_t slots = 86'400 / window.interval_s();
  if (input.profile->weight.size() != 7 * slots || input.average_daily_load <= 0) return false;
  for (std::size_t i = gap.first; i < gap.last; ++i) {
    const auto* day = &input.profile->weight[window.day(window.day_of(i)).kind * slots];
    __int128 all = 0;
    for (std::size_t s = 0; s < slots; ++s) all += day[s];
    if (all <= 0) return false;
    const std::size_t slot = static_cast<std::size_t>(window.wall_of(i)) / window.interval_s();
    out[i - gap.first] = static_cast<std::int64_t>(
        (__int128{input.average_daily_load} * day[slot % slots] + all / 2) / all);
  }
  return true;
}

}  // namespace amity::mdm
