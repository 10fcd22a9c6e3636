// The command desk: whether a command may be sent, and the states it walks through. Its limits hold
// below the API, so that a stolen token cannot do more than they allow. Pure: the journal carries
// what it decides.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "model/command.h"

namespace amity::ops {

struct DeskLimits {
  std::uint32_t critical_per_user_hour = 50;  // disconnect, connect
  std::uint32_t critical_total_hour = 500;
  std::uint32_t ordinary_per_user_hour = 10'000;
  std::int64_t deadline_s = 300;  // not started by then: expired
};

// Critical commands change what a customer is supplied with.
bool is_critical(CommandKind kind);

class CommandDesk {
 public:
  explicit CommandDesk(DeskLimits limits) : limits_(limits) {}

  // Fills in state and deadline, or refuses with kBusy/kRefused and the limit that was met. Over
  // the limit is refused, never queued and sent later.
  Status admit(Command& command, UtcSeconds now);

  // No critical command passes while it is on: any operator can pull it.
  void set_kill_switch(bool on) { killed_ = on; }
  bool kill_switch() const { return killed_; }

  // queued -> running -> done | failed | unknown, queued -> expired; anything else is refused.
  static bool may_change(CommandState from, CommandState to);

 private:
  using Window = std::deque<UtcSeconds>;  // of the last hour
  static std::size_t in_last_hour(Window& window, UtcSeconds now);

  DeskLimits limits_;
  bool killed_ = false;
  std::unordered_map<std::string, Window> critical_by_user_, ordinary_by_user_;
  Window critical_total_;
};

}  // namespace amity::ops
