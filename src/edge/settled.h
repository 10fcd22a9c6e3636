// Which commands are settled, so that none is settled twice, whoever restarts. The facts of the
// journal say it; what they say up to a point of it is kept in the registry, the rest is read again
// at the start. One thread.
#pragma once

#include <set>

#include "model/command.h"
#include "store/journal.h"
#include "store/registry.h"

namespace amity::edge {

inline bool is_settled(CommandState state) {
  return state != CommandState::kQueued && state != CommandState::kRunning;
}

class Settled {
 public:
  // `registry` outlives the object.
  explicit Settled(store::Registry& registry) : registry_(registry) {}

  Status load();
  // What is in the journal after this is to be read up().
  store::Sequence upto() const { return upto_; }
  void read_up(const store::JournalEntry& entry);

  // On its way into the journal. False: it was said before. A command may be settled as unknown,
  // and later as what it came to.
  bool add(CommandId id, CommandState state);
  // What became of it there.
  void arrived(CommandId id, CommandState state, bool durable);
  bool has(CommandId id) const;

  // Nothing to do while something is on its way: then nobody knows what the journal will hold.
  bool to_be_saved(store::Sequence last) const;
  Status save(store::Sequence last);

 private:
  using Entry = std::pair<CommandId, CommandState>;

  store::Registry& registry_;
  std::set<Entry> all_, under_way_;
  store::Sequence upto_ = 0;
  bool changed_ = false;
};

}  // namespace amity::edge
