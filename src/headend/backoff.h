// When to try a device again that failed: exponential with jitter, so that a segment that comes back is not hit by
// all its meters at once. Security failures are counted apart: a wrong key never gets better by asking again.
#pragma once

#include <cstdint>

#include "base/runtime.h"
#include "headend/limits.h"

namespace amity::headend {

class Backoff {
 public:
  void succeeded() { failures_ = security_failures_ = 0; }
  // Seconds to wait before the next attempt.
  std::int64_t failed(Random& random);
  // True when this failure locks the device out: raise the alarm once, pause kLockoutPause_s.
  bool failed_security() { return ++security_failures_ == kSecurityFailuresMax; }
  bool locked_out() const { return security_failures_ >= kSecurityFailuresMax; }
  unsigned failures() const { return failures_; }

 private:
  std::uint8_t failures_ = 0;
  std::uint8_t security_failures_ = 0;
};

}  // namespace amity::headend
