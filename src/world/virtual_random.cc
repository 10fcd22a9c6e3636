#include "world/virtual_random.h"

#include <bit>

#include "world/hash.h"

namespace amity::world {

VirtualRandom::VirtualRandom(std::uint64_t seed) {
  for (auto& word : state_) word = mix(seed++);
}

std::uint64_t VirtualRandom::u64() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void VirtualRandom::fill(std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size();) {
    std::uint64_t word = u64();
    for (int k = 0; k < 8 && i < out.size(); ++k, word >>= 8)
      out[i++] = static_cast<std::uint8_t>(word);
  }
}

bool VirtualRandom::chance(double probability) {
  return probability > 0 && unit() < probability;
}

}  // namespace amity::world
