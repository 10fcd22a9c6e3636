#include "roles/command_role.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace amity::roles {
namespace {

constexpr std::size_t kResumedMax = 10'000;

bool is_open(CommandState state) {
  return state == CommandState::kQueued || state == CommandState::kRunning;
}

}  // namespace

CommandRole::CommandRole(store::Registry& registry, store::Journal& journal, const Clock& clock,
                         ops::DeskLimits limits)
    : registry_(registry), journal_(journal), clock_(clock), desk_(limits) {}

Status CommandRole::resume() {
  AMITY_TRY(const auto commands, registry_.commands(DeviceId{}, kResumedMax));
  for (Command command : commands) {
    if (!is_open(command.state)) continue;
    const UtcSeconds now = clock_.utc();
    if (command.state == CommandState::kQueued && command.deadline <= now) {
      command.state = CommandState::kExpired;
      command.result = "not started before its deadline";
    } else if (command.state == CommandState::kRunning && ops::is_critical(command.kind)) {
      command.state = CommandState::kUnknown;
      command.result =
          "the platform restarted while it was being sent; read the meter to learn its state";
    } else {
      command.state = CommandState::kQueued;
      const std::lock_guard lock(mutex_);
      open_[command.id] = command;
    }
    command.changed = now;
    AMITY_CHECK(registry_.put_command(command));
    if (command.state == CommandState::kQueued && execute_) execute_(command);
  }
  return {};
}

void CommandRole::submit(Command command, OnSubmitted done) {
  {
    const std::lock_guard lock(mutex_);
    if (const Status admitted = desk_.admit(command, clock_.utc()); !admitted.ok()) {
      done(admitted.error());
      return;
    }
    open_[command.id] = command;
  }
  Status kept = registry_.put_command(command);
  if (kept.ok()) {
    kept = registry_.append_audit(command.requested, command.requested_by,
                                  std::string(to_string(command.kind)) + " requested for device " +
                                      std::to_string(command.device.value) + ", command " +
                                      std::to_string(command.id.value));
  }
  if (!kept.ok()) {
    const std::lock_guard lock(mutex_);
    open_.erase(command.id);
    done(kept.error());
    return;
  }
  journal_.append(CommandRequested{command},
                  [this, command, done = std::move(done)](Result<store::Sequence> durable) {
                    if (!durable.ok()) {
                      done(durable.error());
                      return;
                    }
                    done(command);
                    if (execute_) execute_(command);
                  });
}

void CommandRole::handle(const store::JournalEntry& entry) {
  if (const auto* changed = std::get_if<CommandChanged>(&entry.fact)) change(*changed);
}

void CommandRole::change(const CommandChanged& changed) {
  Command command;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(changed.id);
    if (found == open_.end()) return;  // settled before: the same fact came again
    command = found->second;
    const bool progress_only = command.state == changed.state;
    if (!progress_only && !ops::CommandDesk::may_change(command.state, changed.state)) return;
    command.state = changed.state;
    command.changed = changed.at;
    if (!changed.progress.empty()) command.progress = changed.progress;
    if (!changed.result.empty()) command.result = changed.result;
    if (is_open(command.state) || command.state == CommandState::kUnknown) {
      found->second = command;
    } else {
      open_.erase(found);
    }
  }
  if (const Status kept = registry_.put_command(command); !kept.ok()) {
    spdlog::error("command {}: its state cannot be kept: {}", changed.id.value,
                  to_string(kept.error()));
  }
}

void CommandRole::set_kill_switch(bool on) {
  const std::lock_guard lock(mutex_);
  desk_.set_kill_switch(on);
}

std::size_t CommandRole::pending() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      open_.begin(), open_.end(), [](const auto& c) { return is_open(c.second.state); }));
}

UtcSeconds CommandRole::oldest_pending() const {
  const std::lock_guard lock(mutex_);
  UtcSeconds oldest;
  for (const auto& [id, command] : open_) {
    if (is_open(command.state) && (oldest.value == 0 || command.requested < oldest))
      oldest = command.requested;
  }
  return oldest;
}

}  // namespace amity::roles
