// A token bucket without a lock (generic cell rate algorithm): one atomic holds when the bucket is
// full again.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace amity::api {

class TokenBucket {
 public:
  // `per_s` tokens a second, at most `burst` saved up; per_s 0 = no limit.
  TokenBucket(std::uint32_t per_s, std::uint32_t burst)
      : cost_ns_(per_s == 0 ? 0 : 1'000'000'000 / per_s), depth_ns_(cost_ns_ * burst) {}

  // 0 when a token was there; otherwise after how many seconds there is one, rounded up.
  std::int64_t take(Instant now) {
    if (cost_ns_ == 0) return 0;
    const std::int64_t now_ns = now.us * 1000;
    std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
    for (;;) {
      const std::int64_t next = (full_at > now_ns ? full_at : now_ns) + cost_ns_;
      if (next - now_ns > depth_ns_)
        return (next - now_ns - depth_ns_ + 999'999'999) / 1'000'000'000;
      if (full_at_ns_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return 0;
    }
  }

 private:
  const std::int64_t cost_ns_, depth_ns_;
  std::atomic<std::int64_t> full_at_ns_{0};
};

}  // namespace amity::api
