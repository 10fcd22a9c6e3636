// Time. Stored and exchanged time is UTC seconds; civil time exists only at the edges (civil.h).
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace amity {

// Seconds since 1970-01-01T00:00:00Z. An interval is named by its end.
struct UtcSeconds {
  std::int64_t value = 0;

  constexpr UtcSeconds() = default;
  constexpr explicit UtcSeconds(std::int64_t v) : value(v) {}
  friend constexpr auto operator<=>(UtcSeconds, UtcSeconds) = default;
  friend constexpr UtcSeconds operator+(UtcSeconds t, std::int64_t seconds) { return UtcSeconds(t.value + seconds); }
  friend constexpr UtcSeconds operator-(UtcSeconds t, std::int64_t seconds) { return UtcSeconds(t.value - seconds); }
  friend constexpr std::int64_t operator-(UtcSeconds a, UtcSeconds b) { return a.value - b.value; }
};

// Days since 1970-01-01, UTC. An interval that ends at midnight belongs to the day before.
struct UtcDay {
  std::int32_t value = 0;

  constexpr UtcDay() = default;
  constexpr explicit UtcDay(std::int32_t v) : value(v) {}
  friend constexpr auto operator<=>(UtcDay, UtcDay) = default;
  constexpr UtcSeconds start() const { return UtcSeconds(std::int64_t{value} * 86'400); }
};

// The day whose intervals include one that ends at `end`: (00:00, 24:00].
constexpr UtcDay day_of_interval_end(UtcSeconds end) {
  const std::int64_t s = end.value - 1;
  return UtcDay(static_cast<std::int32_t>(s >= 0 ? s / 86'400 : -((-s + 86'399) / 86'400)));
}

using Duration = std::chrono::microseconds;

// A monotonic instant, microseconds since an arbitrary start. Never compared with UTC.
struct Instant {
  std::int64_t us = 0;

  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant t, Duration d) { return Instant{t.us + d.count()}; }
  friend constexpr Instant operator-(Instant t, Duration d) { return Instant{t.us - d.count()}; }
  friend constexpr Duration operator-(Instant a, Instant b) { return Duration(a.us - b.us); }
};

// "2026-11-20T14:15:00Z"
std::string to_iso(UtcSeconds time);
// Accepts a date, or a date and time to the minute or second, with 'Z', an offset, or nothing (UTC).
Result<UtcSeconds> from_iso(std::string_view text);

}  // namespace amity
