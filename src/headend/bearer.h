// What a path to a meter can carry: how long it takes, how much fits, how often it may be used and
// when the meter listens. A meter's address names its bearer ("bearer=g3-plc") and may say when it
// is awake ("wake=86400/7200/600") and how many hops away it is ("hops=4"). The figures, of one
// hop, are where a deployment begins; what a network really does differs by hops, load and
// distance.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace amity::headend {

struct Bearer {
  std::string_view name;
  std::int64_t connect_timeout_ms = 0, reply_timeout_ms = 0, conversation_timeout_ms = 0;
  std::uint16_t pdu_bytes_max = 0;      // of an APDU, either way; 0: as without a bearer
  std::uint32_t rows_per_read = 0;      // of a profile in one request; 0: as configured
  std::uint32_t in_flight_max = 0;      // conversations in one segment at once; 0: as configured
  double starts_per_s = 0;              // of one segment; 0: as configured
  std::uint16_t duty_permille = 1'000;  // of the time one segment may be on the air; 1,000: always
  std::uint32_t bytes_per_s = 0;        // on the air, for the duty cycle
  std::uint32_t visit_interval_s =
      0;  // a meter is read no more often: bytes or battery cost too much; 0: as configured
  // Until an answer begins, of M-Bus, Modbus and IEC 62056-21, whose standards bound it; 0: as they
  // do.
  std::int64_t line_answer_ms = 0;
  std::int64_t hop_ms =
      0;  // a request and its answer take so much longer by each hop; 0: it has none
  std::uint32_t hops = 1;  // of this path

  // The same over a path of so many hops, 1 to kHopsMax: what is waited for grows, as every hop
  // repeats every frame. An error where the bearer has no hops.
  Result<Bearer> over(std::uint32_t hop_count) const;
};

// Null for a name that is not known. The first is "ip": no limits but the configured ones.
const Bearer* find_bearer(std::string_view name);
std::span<const Bearer> bearers();

// When a sleeping meter can be reached: `length_s` from every `offset_s` after the turn of
// `period_s` (UTC).
struct WakeWindow {
  std::uint32_t period_s = 0;  // 0: always awake
  std::uint32_t offset_s = 0, length_s = 0;

  bool always() const { return period_s == 0; }
  bool awake(UtcSeconds at) const;
  // `at` itself where the meter is awake then, else the start of its next window.
  UtcSeconds next(UtcSeconds at) const;
  friend bool operator==(const WakeWindow&, const WakeWindow&) = default;
};

}  // namespace amity::headend
