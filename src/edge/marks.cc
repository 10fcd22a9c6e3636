#include "edge/marks.h"

namespace amity::edge {

bool Marks::begin(Sequence sequence) {
  if (sequence <= mark_) return false;
  const auto [at, added] = entries_.try_emplace(sequence, Entry{State::kUnderWay, sequence});
  if (!added && at->second.state != State::kFailed) return false;
  at->second.state = State::kUnderWay;
  return true;
}

void Marks::entry(Sequence sequence, State state, Sequence until) {
  if (sequence > mark_) entries_[sequence] = {state, until};
  while (!entries_.empty()) {
    const auto& [first, oldest] = *entries_.begin();
    if (first > mark_ + 1 || (first > mark_ && oldest.state != State::kDone)) break;
    if (oldest.until > mark_) mark_ = oldest.until;
    entries_.erase(entries_.begin());
  }
}

}  // namespace amity::edge
