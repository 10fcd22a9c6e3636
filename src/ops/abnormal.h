// What is abnormal now, worst first: the list behind the overview's cards. An item needs somebody's
// attention; whatever needs none is an event. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ops/completeness.h"
#include "ops/fleet_state.h"

namespace amity::ops {

enum class AbnormalKind : std::uint8_t {
  kSecurity,
  kTamper,
  kPower,
  kSilent,
  kClock,
  kLate,
  kIncomplete
};
std::string_view to_string(AbnormalKind kind);
// 1 (urgent) .. 3, by kind.
int priority(AbnormalKind kind);

struct AbnormalItem {
  AbnormalKind kind = AbnormalKind::kLate;
  DeviceId device;
  UtcSeconds since;
  std::string text;  // "3 attempts failed: timeout: no answer to the AARQ"
};

// Every abnormal device once per kind, ordered by priority, kind, then longest first; ties by
// device.
std::vector<AbnormalItem> abnormal_now(const FleetState& fleet, const Completeness& completeness,
                                       UtcSeconds now);

}  // namespace amity::ops
