// Commands, from the request to the state everybody sees: the desk admits, the registry and the
// journal keep, the head-end that owns the meter executes, and its CommandChanged facts come back
// here.
#pragma once

#include <functional>
#include <mutex>
#include <unordered_map>

#include "base/runtime.h"
#include "ops/command_desk.h"
#include "store/journal.h"
#include "store/registry.h"

namespace amity::roles {

class CommandRole {
 public:
  static constexpr const char* kDepartment = "commands";
  using Execute =
      std::function<void(const Command&)>;  // gives it to every head-end; the owner takes it
  using OnSubmitted = std::function<void(Result<Command>)>;

  CommandRole(store::Registry& registry, store::Journal& journal, const Clock& clock,
              ops::DeskLimits limits);

  void set_execute(Execute execute) { execute_ = std::move(execute); }
  // After a restart: what was queued is given out again; a supply command that was running is in an
  // unknown state and is read back, never sent again; a read that was running is given out again.
  Status resume();

  // `done` runs once: when the request is durable, or at once with the desk's refusal.
  void submit(Command command, OnSubmitted done);
  void handle(const store::JournalEntry& entry);
  Status save() { return {}; }  // states are saved as they come

  void set_kill_switch(bool on);
  std::size_t pending() const;
  UtcSeconds oldest_pending() const;

 private:
  void change(const CommandChanged& changed);

  store::Registry& registry_;
  store::Journal& journal_;
  const Clock& clock_;
  Execute execute_;
  mutable std::mutex mutex_;
  ops::CommandDesk desk_;
  std::unordered_map<CommandId, Command> open_;
};

}  // namespace amity::roles
