#include "base/runtime.h"

namespace amity {

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) return 0;
  const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;
  std::uint64_t v = u64();
  while (v >= limit) v = u64();  // rejection keeps it uniform
  return v % bound;
}

double Random::unit() { return static_cast<double>(u64() >> 11) * 0x1.0p-53; }

}  // namespace amity
