// The event codes that meters of the field use in their logs (standard, fraud, power quality, disconnector), in
// words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/event.h"

namespace amity::headend {

struct EventMeaning {
  EventCategory category = EventCategory::kDevice;
  Severity severity = Severity::kInfo;
  std::string text;
};

// Unknown codes are "event N", info.
EventMeaning event_meaning(std::uint32_t code);
// Whether an event of a DLMS meter's log says, by its code, that supply was switched; true: on.
std::optional<bool> switched_supply(const Event& event);

// What the head-end itself reports: Event::source "headend".
enum class HeadEndEvent : std::uint32_t {
  kSecurityLockout = 1,
  kClockFarOff = 2,
  kClockSet = 3,
  kCounterNearEnd = 4,
  kPushReplayed = 5,
  kPushDowngraded = 6,
  kPushConflict = 7,
  kLayoutConflict = 8,
  kRowsQuarantined = 9,
  kOldKeyInUse = 10,
  kCounterRaised = 11,
  kUnknownMeter = 12,
  kNumberConflict = 13,
  kMeterReplaced = 14,
  kTlsFailed = 15,
};
Event headend_event(DeviceId device, UtcSeconds at, HeadEndEvent event,
                    const std::string& detail);

}  // namespace amity::headend
