#include "ops/abnormal.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>

namespace amity::ops {
namespace {

constexpr std::int64_t kDay_s = 86'400;

std::string failed_attempts(const DeviceHealth& h) {
  if (h.failures_in_row == 0) return "no contact";
  std::string text = std::to_string(h.failures_in_row) +
                     (h.failures_in_row == 1 ? " attempt failed" : " attempts failed");
  if (!h.last_error.empty()) text += ": " + h.last_error;
  return text;
}

void look_at(DeviceId id, const DeviceHealth& h, const FleetState& fleet,
             const Completeness& completeness, UtcSeconds now, std::vector<AbnormalItem>& items) {
  const StatusRules& rules = fleet.rules();
  const DeviceStatus status = fleet.status(h, now);
  if (status == DeviceStatus::kSecurity) {
    items.push_back({AbnormalKind::kSecurity, id, h.security_since, failed_attempts(h)});
  }
  if (h.tamper_since.value != 0 && now - h.tamper_since <= rules.tamper_shown_s) {
    items.push_back({AbnormalKind::kTamper, id, h.tamper_since, "tamper event"});
  }
  if (h.power_since.value != 0 && now - h.power_since <= rules.tamper_shown_s) {
    items.push_back({AbnormalKind::kPower, id, h.power_since, "power down, no return seen"});
  }
  if (status == DeviceStatus::kSilent) {
    const UtcSeconds since = h.last_success.value != 0 ? h.last_success : h.commissioned;
    items.push_back({AbnormalKind::kSilent, id, since, failed_attempts(h)});
  }
  if (h.clock_known && std::abs(h.clock_offset_s) > rules.clock_limit_s) {
    items.push_back({AbnormalKind::kClock, id, h.last_contact,
                     "clock is " + std::to_string(h.clock_offset_s) + " s off"});
  }
  if (status == DeviceStatus::kLate) {
    items.push_back(
        {AbnormalKind::kLate, id, std::max(h.last_reading, h.commissioned), failed_attempts(h)});
  } else if (status == DeviceStatus::kOk) {
    // Closed hours up to the late threshold: fresher ones may still be on their way.
    const UtcSeconds until = now - rules.late_after_s;
    const Tally tally = completeness.device(id, until - kDay_s, until);
    if (tally.received < tally.expected) {
      items.push_back({AbnormalKind::kIncomplete, id, until - kDay_s,
                       std::to_string(tally.expected - tally.received) + " of " +
                           std::to_string(tally.expected) + " intervals missing in 24 h"});
    }
  }
}

}  // namespace

std::string_view to_string(AbnormalKind kind) {
  switch (kind) {
    case AbnormalKind::kSecurity:
      return "security";
    case AbnormalKind::kTamper:
      return "tamper";
    case AbnormalKind::kPower:
      return "power";
    case AbnormalKind::kSilent:
      return "silent";
    case AbnormalKind::kClock:
      return "clock";
    case AbnormalKind::kLate:
      return "late";
    case AbnormalKind::kIncomplete:
      return "incomplete";
  }
  return "?";
}

int priority(AbnormalKind kind) {
  switch (kind) {
    case AbnormalKind::kSecurity:
      return 1;
    case AbnormalKind::kTamper:
    case AbnormalKind::kPower:
    case AbnormalKind::kSilent:
      return 2;
    default:
      return 3;
  }
}

std::vector<AbnormalItem> abnormal_now(const FleetState& fleet, const Completeness& completeness,
                                       UtcSeconds now) {
  std::vector<AbnormalItem> items;
  for (const auto& [id, health] : fleet.all()) look_at(id, health, fleet, completeness, now, items);
  std::sort(items.begin(), items.end(), [](const AbnormalItem& a, const AbnormalItem& b) {
    return std::tuple(priority(a.kind), a.kind, a.since, a.device) <
           std::tuple(priority(b.kind), b.kind, b.since, b.device);
  });
  return items;
}

}  // namespace amity::ops
