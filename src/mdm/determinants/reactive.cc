#include "mdm/determinants/reactive.h"

#include <algorithm>

namespace amity::mdm {
namespace {

using Wide = __int128;

Wide magnitude(std::int64_t v) {
  return v < 0 ? -Wide{v} : Wide{v};
}

}  // namespace

std::int64_t power_factor_permille(std::int64_t active, std::int64_t reactive) {
  Wide p = magnitude(active), q = magnitude(reactive);
  if (p == 0 && q == 0) return 1'000;
  while (p > Wide{1} << 52 || q > Wide{1} << 52) p >>= 1, q >>= 1;  // 1e6 x p^2 fits
  // The largest f with (1000 p)^2 >= f^2 (p^2 + q^2).
  const Wide apparent = p * p + q * q, wanted = p * p * 1'000'000;
  std::int64_t low = 0, high = 1'000;
  while (low < high) {
    const std::int64_t middle = (low + high + 1) / 2;
    (apparent * middle * middle <= wanted ? low : high) =
        apparent * middle * middle <= wanted ? middle : middle - 1;
  }
  return low;
}

std::int64_t excess_reactive(std::int64_t active, std::int64_t reactive,
                             std::int64_t tan_permille) {
  const Wide thousandths = magnitude(reactive) * 1'000 - magnitude(active) * tan_permille;
  return static_cast<std::int64_t>(std::max<Wide>(thousandths, 0) / 1'000);
}

}  // namespace amity::mdm
