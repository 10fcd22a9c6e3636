// Which batches of an edge's buffer are durable at the server: each number once, whatever is
// repeated after a lost connection. No I/O.
#pragma once

#include <map>
#include <set>

#include "edge/message.h"

namespace amity::edge {

class Marks {
 public:
  explicit Marks(Sequence mark = 0) : mark_(mark) {}

  // All up to here are durable.
  Sequence mark() const { return mark_; }
  // True: it is new, and is to be kept now. False: it is durable or under way already.
  bool begin(Sequence sequence);
  void done(Sequence sequence) { entry(sequence, State::kDone, sequence); }
  // It could not be kept, and will be sent again.
  void failed(Sequence sequence) { entry(sequence, State::kFailed, sequence); }
  // [from, until] will never come.
  void lost(Sequence from, Sequence until) { entry(from, State::kDone, until); }
  std::size_t open() const { return entries_.size(); }

 private:
  enum class State : std::uint8_t { kUnderWay, kFailed, kDone };
  struct Entry {
    State state = State::kUnderWay;
    Sequence until = 0;
  };
  void entry(Sequence sequence, State state, Sequence until);

  Sequence mark_;
  std::map<Sequence, Entry> entries_;  // beyond the mark
};

}  // namespace amity::edge
