// What a meter, a concentrator or the head-end reports that is not a reading.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/ids.h"

namespace amity {

enum class EventCategory : std::uint8_t {
  kPower = 0,
  kTamper = 1,
  kQuality = 2,
  kClock = 3,
  kComms = 4,
  kSecurity = 5,
  kDevice = 6,
};
enum class Severity : std::uint8_t { kInfo = 0, kLow = 1, kMedium = 2, kHigh = 3 };

struct Event {
  DeviceId device;
  UtcSeconds time;            // when it happened, by the reporter's clock
  EventCategory category = EventCategory::kDevice;
  Severity severity = Severity::kInfo;
  std::uint32_t code = 0;     // the reporter's own number within `source`
  std::string source;         // "0-0:99.98.0*255" (a meter's log), "headend"
  std::string text;           // in words: "power down", "terminal cover removed"

  friend bool operator==(const Event&, const Event&) = default;
};

std::string_view to_string(EventCategory category);
std::string_view to_string(Severity severity);

}  // namespace amity
