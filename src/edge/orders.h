// The commands that the server has given this edge's meters. Each is done once, however often it is
// sent and whichever side restarts in between: what is taken is on disk before the head-end hears
// of it, what was settled is remembered and told again, never done again. One thread: the loop's.
#pragma once

#include <functional>
#include <map>

#include "base/runtime.h"
#include "edge/limits.h"
#include "edge/message.h"
#include "model/facts.h"
#include "store/registry.h"

namespace amity::edge {

class Orders {
 public:
  struct Events {
    // To the head-end. A command that changes supply and is running already may have reached its
    // meter: it is only read back.
    std::function<void(const Command&)> run;
    // To the server, through the buffer; `done` once it is durable there, or cannot be.
    std::function<void(CommandChanged, std::function<void(Status)> done)> tell;
  };
  // `registry` holds the meters and what was taken; it and `clock` outlive the object.
  Orders(store::Registry& registry, const Clock& clock, Events events)
      : registry_(registry), clock_(clock), on_(std::move(events)) {}
  Status load();

  void take(const CommandOrder& order);
  // The head-end begins anew: what is open is run again.
  void resume();
  // From the head-end.
  void changed(const CommandChanged& changed);
  std::size_t open() const;

 private:
  struct Entry {
    Command command;  // whose device is found by serial whenever it is run
    std::string serial;
    bool told = false;     // of a settled one: durable in the buffer
    bool telling = false;  // under way
  };
  void run(Entry& entry);
  void settle(Entry& entry, CommandState state, std::string result);
  void tell(Entry& entry);
  Status save();
  void forget_old();

  store::Registry& registry_;
  const Clock& clock_;
  Events on_;
  std::map<CommandId, Entry> entries_;
  std::shared_ptr<Orders*> self_ = std::make_shared<Orders*>(this);
};

}  // namespace amity::edge
