#include "mdm/estimate/closure.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/assert.h"

namespace amity::mdm {

void apportion(std::int64_t total, std::span<std::int64_t> amounts) {
  AMITY_ASSERT(total >= 0);
  if (amounts.empty()) return;
  using Wide = __int128;
  Wide weight = 0;
  for (std::int64_t& a : amounts) a = std::max<std::int64_t>(a, 0), weight += a;
  if (weight == 0) {
    std::fill(amounts.begin(), amounts.end(), 1);
    weight = static_cast<Wide>(amounts.size());
  }
  struct Rest {
    Wide remainder;
    std::size_t at;
  };
  std::vector<Rest> rest(amounts.size());
  std::int64_t given = 0;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    const Wide share = Wide{total} * amounts[i];
    rest[i] = {share % weight, i};
    amounts[i] = static_cast<std::int64_t>(share / weight);
    given += amounts[i];
  }
  const auto left = static_cast<std::ptrdiff_t>(total - given);  // fewer than there are amounts
  const auto larger = [](const Rest& a, const Rest& b) {
    return a.remainder != b.remainder ? a.remainder > b.remainder : a.at < b.at;
  };
  std::nth_element(rest.begin(), rest.begin() + left, rest.end(), larger);
  for (std::ptrdiff_t i = 0; i < left; ++i) ++amounts[rest[static_cast<std::size_t>(i)].at];
}

}  // namespace amity::mdm
