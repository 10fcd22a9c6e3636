#include "runtime/system.h"

#include <sys/random.h>
#include <time.h>

#include <cerrno>
#include <cstring>

#include "base/crypto.h"

namespace amity::runtime {

namespace {

std::int64_t read_clock_us(clockid_t clock) {
  timespec t{};
  AMITY_ASSERT(clock_gettime(clock, &t) == 0);
  return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000;
}

void from_kernel(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    AMITY_ASSERT(got > 0);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

UtcSeconds SystemClock::utc() const {
  return UtcSeconds(utc_us() / 1'000'000);
}
std::int64_t SystemClock::utc_us() const {
  return read_clock_us(CLOCK_REALTIME);
}
Instant SystemClock::now() const {
  return Instant{read_clock_us(CLOCK_MONOTONIC)};
}

SystemRandom::~SystemRandom() {
  crypto::wipe(block_);
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
  if (out.size() > block_.size() / 2) return from_kernel(out);
  if (block_.size() - used_ < out.size()) {
    from_kernel(block_);
    used_ = 0;
  }
  std::memcpy(out.data(), block_.data() + used_, out.size());
  std::memset(block_.data() + used_, 0, out.size());  // what was given out is not kept
  used_ += out.size();
}

std::uint64_t SystemRandom::u64() {
  std::array<std::uint8_t, 8> bytes;
  fill(bytes);
  std::uint64_t v = 0;
  for (const auto byte : bytes) v = v << 8 | byte;
  return v;
}

}  // namespace amity::runtime
