// A fast running hash for comparing histories: not cryptographic.
#pragma once

#include <cstring>

#include "base/bytes.h"

namespace amity::simulation {

constexpr std::uint64_t hash_word(std::uint64_t state, std::uint64_t word) {
  state = (state ^ word) * 0x9E3779B97F4A7C15u;
  return state ^ state >> 29;
}

inline std::uint64_t hash_bytes(std::uint64_t state, ByteView bytes) {
  state = hash_word(state, bytes.size());
  while (bytes.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    state = hash_word(state, word);
    bytes = bytes.subspan(8);
  }
  std::uint64_t tail = 0;
  for (const std::uint8_t byte : bytes) tail = tail << 8 | byte;
  return hash_word(state, tail);
}

}  // namespace amity::simulation
