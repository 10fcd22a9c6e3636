// A command walks: requested -> queued -> running -> done | failed | expired | unknown (sent, reply
// lost).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/ids.h"

namespace amity {

enum class CommandKind : std::uint8_t {
  kReadNow = 0,  // registers and what is missing of the load profile
  kPing = 1,
  kReadProfile = 2,  // load profile, argument "FROM/TO" in ISO time
  kSetClock = 3,
  kDisconnect = 4,
  kConnect = 5,
  kSetPush = 6,  // where the meter sends by itself, argument "[OBIS=]HOST:PORT", or "[OBIS=]off"
};
inline constexpr auto kCommandKindLast = CommandKind::kSetPush;

enum class CommandState : std::uint8_t {
  kQueued = 0,
  kRunning = 1,
  kDone = 2,
  kFailed = 3,
  kExpired = 4,
  kUnknown = 5,  // sent, and the reply was lost: the state of the meter must be read back
};

struct Command {
  CommandId id;
  DeviceId device;
  CommandKind kind = CommandKind::kReadNow;
  CommandState state = CommandState::kQueued;
  std::string argument;
  std::string requested_by;  // user name or "schedule"
  UtcSeconds requested;
  UtcSeconds deadline;   // not started by then: expired
  UtcSeconds changed;    // of `state`
  std::string progress;  // "reading load profile 48/96"
  std::string result;    // in words, or the error
};

std::string_view to_string(CommandKind kind);
std::optional<CommandKind> command_kind_from(std::string_view name);
std::string_view to_string(CommandState state);

}  // namespace amity
