// Random access randomness: every draw is a function of (seed, what it is for), never of what was drawn before.
#pragma once

#include <cmath>
#include <cstdint>

namespace amity::world {

constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

template <class... Rest>
constexpr std::uint64_t mix(std::uint64_t first, std::uint64_t second, Rest... rest) {
  return mix(mix(first) ^ second, rest...);
}

// Uniform in [0, 1).
constexpr double unit_of(std::uint64_t hash) { return static_cast<double>(hash >> 11) * 0x1.0p-53; }

// A short sequence of draws for one purpose: Draw(seed, home, day, stream).
class Draw {
 public:
  template <class... Parts>
  explicit Draw(std::uint64_t seed, Parts... parts) : state_(mix(seed, static_cast<std::uint64_t>(parts)...)) {}

  std::uint64_t u64() { return mix(state_++); }
  double unit() { return unit_of(u64()); }
  double between(double low, double high) { return low + (high - low) * unit(); }
  bool chance(double probability) { return unit() < probability; }
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : u64() % bound; }
  // Mean 0, deviation 1: the sum of four uniforms (bounded at +-3.46), cheap and good enough for habits.
  double normal() { return (unit() + unit() + unit() + unit() - 2.0) * 1.7320508075688772; }
  double lognormal(double median, double log_deviation) { return median * std::exp(log_deviation * normal()); }

 private:
  std::uint64_t state_;
};

// Smooth noise in about [-1, 1] with knots at the integers of `x`; the same x always gives the same value.
inline double smooth_noise(std::uint64_t seed, double x) {
  const double floor = std::floor(x);
  const auto knot = static_cast<std::int64_t>(floor);
  const double t = x - floor;
  const double a = unit_of(mix(seed, static_cast<std::uint64_t>(knot))) * 2 - 1;
  const double b = unit_of(mix(seed, static_cast<std::uint64_t>(knot + 1))) * 2 - 1;
  return a + (b - a) * t * t * (3 - 2 * t);
}

}  // namespace amity::world
