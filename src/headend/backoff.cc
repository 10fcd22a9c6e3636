#include "headend/backoff.h"

#include <algorithm>

namespace amity::headend {

std::int64_t Backoff::failed(Random& random) {
  constexpr std::uint8_t kDoublingsMax = 10;
  failures_ = std::min<std::uint8_t>(failures_ + 1, 200);
  const int doublings = std::min<std::uint8_t>(failures_ - 1, kDoublingsMax);
  const std::int64_t full = std::min<std::int64_t>(kBackoffFirst_s << doublings, kBackoffMax_s);
  return full / 2 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(full / 2 + 1)));
}

}  // namespace amity::headend
