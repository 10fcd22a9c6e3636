// A seeded random source: xoshiro256** filled by splitmix64. The same seed gives the same bytes on
// every machine.
#pragma once

#include "base/runtime.h"

namespace amity::world {

class VirtualRandom : public Random {
 public:
  explicit VirtualRandom(std::uint64_t seed);
  void fill(std::span<std::uint8_t> out) override;
  std::uint64_t u64() override;
  // True with this probability; no draw for 0 and below.
  bool chance(double probability);

 private:
  std::uint64_t state_[4];
};

}  // namespace amity::world
