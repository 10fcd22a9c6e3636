#include "model/billing.h"
#include "model/channel.h"
#include "model/command.h"
#include "model/device.h"
#include "model/event.h"
#include "model/final.h"
#include "model/reading.h"

namespace amity {

std::optional<std::int64_t> multiplier_of_ratios(Unit unit, std::int64_t ct, std::int64_t vt) {
  switch (unit) {
    case Unit::kWattHour:
    case Unit::kVarHour:
    case Unit::kVoltAmpereHour:
    case Unit::kWatt:
    case Unit::kVar:
    case Unit::kVoltAmpere:
    case Unit::kJoule:
    case Unit::kCubicMetre:
    case Unit::kCubicMetrePerHour:
    case Unit::kLitre:
    case Unit::kCount:
      return ct * vt;
    case Unit::kAmpere:
      return ct;
    case Unit::kVolt:
      return vt;
    default:
      return std::nullopt;
  }
}

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

std::string_view to_string(Commodity commodity) {
  switch (commodity) {
    case Commodity::kUnknown: return "unknown";
    case Commodity::kElectricity: return "electricity";
    case Commodity::kWater: return "water";
    case Commodity::kGas: return "gas";
    case Commodity::kHeat: return "heat";
    case Commodity::kOther: return "other";
  }
  return "?";
}

std::optional<Commodity> parse_commodity(std::string_view word) {
  for (int i = 0; i <= static_cast<int>(Commodity::kOther); ++i) {
    if (to_string(static_cast<Commodity>(i)) == word) return static_cast<Commodity>(i);
  }
  return std::nullopt;
}

Commodity commodity_of_medium(std::string_view medium) {
  if (medium.empty()) return Commodity::kUnknown;
  const auto has = [medium](std::string_view word) { return medium.find(word) != std::string_view::npos; };
  if (has("water")) return Commodity::kWater;
  if (has("heat") || has("cool")) return Commodity::kHeat;
  if (has("electricity")) return Commodity::kElectricity;
  return medium == "gas" ? Commodity::kGas : Commodity::kOther;
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
    case CommandKind::kSetPush: return "set_push";
  }
  return "?";
}

std::optional<CommandKind> command_kind_from(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(kCommandKindLast); ++i) {
    const auto kind = static_cast<CommandKind>(i);
    if (to_string(kind) == name) return kind;
  }
  return std::nullopt;
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

std::string_view to_string(FinalOrigin origin) {
  switch (origin) {
    case FinalOrigin::kActual: return "actual";
    case FinalOrigin::kEstimated: return "estimated";
    case FinalOrigin::kEdited: return "edited";
    case FinalOrigin::kWithdrawn: return "withdrawn";
  }
  return "?";
}

std::string code_of(const FinalValue& value) {
  if (value.origin == FinalOrigin::kWithdrawn) return "N";
  if (value.origin == FinalOrigin::kActual) return "A";
  std::string code(1, value.origin == FinalOrigin::kEdited ? 'F' : 'E');
  if (value.method != 0) {
    code += static_cast<char>('0' + value.method / 10 % 10);
    code += static_cast<char>('0' + value.method % 10);
  }
  return code;
}

std::string_view to_string(VeeState state) {
  switch (state) {
    case VeeState::kClean: return "clean";
    case VeeState::kWaiting: return "waiting";
    case VeeState::kEstimated: return "estimated";
    case VeeState::kFailed: return "failed";
    case VeeState::kAccepted: return "accepted";
  }
  return "?";
}

std::string_view to_string(DayClosure closure) {
  switch (closure) {
    case DayClosure::kUnbounded: return "unbounded";
    case DayClosure::kExact: return "exact";
    case DayClosure::kTolerated: return "tolerated";
    case DayClosure::kOpen: return "open";
    case DayClosure::kDiffers: return "differs";
  }
  return "?";
}

std::string_view to_string(EditKind kind) {
  switch (kind) {
    case EditKind::kValues: return "values";
    case EditKind::kAccept: return "accept";
    case EditKind::kRerun: return "rerun";
    case EditKind::kUndo: return "undo";
  }
  return "?";
}

std::string_view to_string(EditState state) {
  switch (state) {
    case EditState::kProposed: return "proposed";
    case EditState::kApproved: return "approved";
    case EditState::kApplied: return "applied";
    case EditState::kRejected: return "rejected";
  }
  return "?";
}

std::string_view to_string(BillingCycle cycle) {
  return cycle == BillingCycle::kMonth ? "month" : "week";
}

std::string_view to_string(StatementKind kind) {
  return kind == StatementKind::kIssued ? "issued" : "reversal";
}

std::string_view to_string(PrepayKind kind) {
  return kind == PrepayKind::kCredit ? "credit" : "use";
}

}  // namespace amity
