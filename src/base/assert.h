// Assertions state our own invariants, never a property of input, and stay on in release.
#pragma once

namespace amity {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace amity

#define AMITY_ASSERT(expr) \
  (static_cast<bool>(expr) ? static_cast<void>(0) : ::amity::assertion_failed(#expr, __FILE__, __LINE__))
