#include "world/meter_clock.h"

#include <algorithm>
#include <cstdlib>

#include "world/limits.h"

namespace amity::world {
namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

}  // namespace

std::int64_t MeterClock::offset_ms(UtcSeconds true_now) const {
  return offset_ms_ + (true_now - set_at_) * drift_ppb_ / 1'000'000;
}

UtcSeconds MeterClock::read(UtcSeconds true_now) const {
  return true_now + floor_div(offset_ms(true_now), 1'000);
}

std::int64_t MeterClock::whole_shift(std::int64_t offset_ms) const {
  const std::int64_t length_ms = std::int64_t{interval_s_} * 1'000;
  return floor_div(offset_ms + length_ms / 2, length_ms) * interval_s_;
}

bool MeterClock::set(UtcSeconds true_now, UtcSeconds shown) {
  const std::int64_t before_ms = offset_ms(true_now), after_ms = (shown - true_now) * 1'000;
  const std::int64_t shift_now = epochs_.empty() ? 0 : epochs_.back().shift_s;
  const std::int64_t shift = whole_shift(after_ms);
  if (shift != shift_now) {
    if (epochs_.size() >= kClockEpochsMax) return false;
    epochs_.push_back({true_now, shift});
  }
  if (std::llabs(after_ms - before_ms) > 1'000) {
    if (adjusted_.size() >= kClockEpochsMax * 2) adjusted_.erase(adjusted_.begin());
    adjusted_.push_back(true_now);
  }
  offset_ms_ = after_ms;
  set_at_ = true_now;
  return true;
}

std::optional<UtcSeconds> MeterClock::true_end(UtcSeconds stamp) const {
  if (epochs_.empty()) return stamp;
  if (stamp <= epochs_.front().from) return stamp;
  for (std::size_t i = 0; i < epochs_.size(); ++i) {
    const UtcSeconds end = stamp - epochs_[i].shift_s;
    if (end > epochs_[i].from && (i + 1 == epochs_.size() || end <= epochs_[i + 1].from)) return end;
  }
  return std::nullopt;
}

bool MeterClock::adjusted_in(UtcSeconds end) const {
  return std::ranges::any_of(adjusted_, [&](UtcSeconds at) { return at <= end && at > end - interval_s_; });
}

}  // namespace amity::world
