#include "model/command.h"
#include "model/device.h"
#include "model/event.h"
#include "model/reading.h"

namespace amity {

char quality_letter(Quality q) {
  if (q.has(QualityFlag::kEdited)) return 'F';
  if (q.has(QualityFlag::kEstimated)) return 'E';
  const bool suspect = q.has(QualityFlag::kClockInvalid) || q.has(QualityFlag::kDataInvalid) ||
                       q.has(QualityFlag::kPartial) || q.has(QualityFlag::kOverflow);
  return suspect ? 'S' : 'A';
}

std::string to_string(Quality quality) {
  static constexpr const char* kNames[] = {"power_down",   "clock_invalid", "clock_adjusted", "daylight_saving",
                                           "data_invalid", "partial",       "estimated",      "edited",
                                           "overflow",     "watchdog"};
  std::string text;
  for (std::size_t bit = 0; bit < std::size(kNames); ++bit) {
    if ((quality.bits >> bit & 1) == 0) continue;
    if (!text.empty()) text += ' ';
    text += kNames[bit];
  }
  return text;
}

std::string_view to_string(DeviceState state) {
  switch (state) {
    case DeviceState::kPlanned: return "planned";
    case DeviceState::kActive: return "active";
    case DeviceState::kInactive: return "inactive";
    case DeviceState::kRemoved: return "removed";
  }
  return "?";
}

std::string_view to_string(EventCategory category) {
  switch (category) {
    case EventCategory::kPower: return "power";
    case EventCategory::kTamper: return "tamper";
    case EventCategory::kQuality: return "quality";
    case EventCategory::kClock: return "clock";
    case EventCategory::kComms: return "comms";
    case EventCategory::kSecurity: return "security";
    case EventCategory::kDevice: return "device";
  }
  return "?";
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kInfo: return "info";
    case Severity::kLow: return "low";
    case Severity::kMedium: return "medium";
    case Severity::kHigh: return "high";
  }
  return "?";
}

std::string_view to_string(CommandKind kind) {
  switch (kind) {
    case CommandKind::kReadNow: return "read_now";
    case CommandKind::kPing: return "ping";
    case CommandKind::kReadProfile: return "read_profile";
    case CommandKind::kSetClock: return "set_clock";
    case CommandKind::kDisconnect: return "disconnect";
    case CommandKind::kConnect: return "connect";
  }
  return "?";
}

std::string_view to_string(CommandState state) {
  switch (state) {
    case CommandState::kQueued: return "queued";
    case CommandState::kRunning: return "running";
    case CommandState::kDone: return "done";
    case CommandState::kFailed: return "failed";
    case CommandState::kExpired: return "expired";
    case CommandState::kUnknown: return "unknown";
  }
  return "?";
}

}  // namespace amity
