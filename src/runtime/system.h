// The machine's clock and random source. The only place of the program where either is read.
#pragma once

#include <array>

#include "base/runtime.h"

namespace amity::runtime {

class SystemClock : public Clock {
 public:
  UtcSeconds utc() const override;
  std::int64_t utc_us() const override;
  Instant now() const override;
};

// getrandom(2), fetched in blocks. One thread at a time. Aborts when the kernel has no randomness
// to give.
class SystemRandom : public Random {
 public:
  ~SystemRandom() override;
  void fill(std::span<std::uint8_t> out) override;
  std::uint64_t u64() override;

 private:
  std::array<std::uint8_t, 512> block_{};
  std::size_t used_ = sizeof(block_);
};

}  // namespace amity::runtime
