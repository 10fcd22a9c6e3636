#include "mdm/estimate/storm.h"

#include <algorithm>

namespace amity::mdm {

std::int32_t StormGuard::norm_permille() const {
  const std::uint32_t count = std::min<std::uint32_t>(days_, 7);
  std::int32_t sum = 0;
  for (std::uint32_t i = 0; i < count; ++i) sum += rates_[i];
  return count == 0 ? 0 : sum / static_cast<std::int32_t>(count);
}

bool StormGuard::add_day(std::uint32_t devices, std::uint64_t expected, std::uint64_t received) {
  if (expected == 0) return suspended_;
  const auto rate = static_cast<std::int32_t>(std::min(received, expected) * 1'000 / expected);
  const std::int32_t norm = norm_permille();
  const auto down_by = [&](std::int32_t permille) {
    return rate * 1'000 <= norm * (1'000 - permille);
  };
  if (suspended_) {
    suspended_ = rate * 1'000 < norm * (1'000 - policy_.leave_drop_permille);
  } else {
    suspended_ =
        days_ >= 7 && devices >= policy_.devices_min && down_by(policy_.enter_drop_permille);
  }
  if (!suspended_) rates_[days_++ % 7] = rate;
  return suspended_;
}

}  // namespace amity::mdm
