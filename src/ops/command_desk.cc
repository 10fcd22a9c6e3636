#include "ops/command_desk.h"

namespace amity::ops {

bool is_critical(CommandKind kind) {
  return kind == CommandKind::kDisconnect || kind == CommandKind::kConnect;
}

std::size_t CommandDesk::in_last_hour(Window& window, UtcSeconds now) {
  while (!window.empty() && window.front() <= now - 3600) window.pop_front();
  return window.size();
}

Status CommandDesk::admit(Command& command, UtcSeconds now) {
  const std::string& user = command.requested_by;
  if (is_critical(command.kind)) {
    if (killed_)
      return make_error(ErrorCode::kRefused,
                        "the kill switch is on: no command that changes supply is sent");
    if (in_last_hour(critical_total_, now) >= limits_.critical_total_hour) {
      return make_error(ErrorCode::kBusy, "the utility's limit of " +
                                              std::to_string(limits_.critical_total_hour) +
                                              " supply commands an hour is reached");
    }
    Window& own = critical_by_user_[user];
    if (in_last_hour(own, now) >= limits_.critical_per_user_hour) {
      return make_error(ErrorCode::kBusy, "your limit of " +
                                              std::to_string(limits_.critical_per_user_hour) +
                                              " supply commands an hour is reached");
    }
    own.push_back(now);
    critical_total_.push_back(now);
  } else {
    Window& own = ordinary_by_user_[user];
    if (in_last_hour(own, now) >= limits_.ordinary_per_user_hour) {
      return make_error(ErrorCode::kBusy, "your limit of " +
                                              std::to_string(limits_.ordinary_per_user_hour) +
                                              " commands an hour is reached");
    }
    own.push_back(now);
  }
  command.state = CommandState::kQueued;
  command.requested = now;
  command.changed = now;
  command.deadline = now + limits_.deadline_s;
  return {};
}

bool CommandDesk::may_change(CommandState from, CommandState to) {
  if (from == CommandState::kQueued) return to != CommandState::kQueued;
  if (from == CommandState::kRunning)
    return to != CommandState::kQueued && to != CommandState::kExpired;
  // A reply that was lost may turn out well or badly once the meter is read back.
  return from == CommandState::kUnknown &&
         (to == CommandState::kDone || to == CommandState::kFailed);
}

}  // namespace amity::ops
