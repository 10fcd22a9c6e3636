// Callbacks ordered by time: an indexed binary heap. Adding and cancelling are O(log n); slots are
// reused.
#pragma once

#include <functional>
#include <vector>

#include "base/runtime.h"

namespace amity::runtime {

class TimerQueue {
 public:
  TimerId add(Instant when, std::function<void()> callback);
  // False for an id that fired, was cancelled or never existed.
  bool cancel(TimerId id);
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  Instant earliest() const { return heap_.front().when; }  // not empty
  // The callback of the earliest timer if it is due. Equal times fire in the order they were added.
  bool pop_due(Instant now, std::function<void()>& callback);

 private:
  struct Slot {
    std::function<void()> callback;
    std::uint32_t generation = 1;
    std::uint32_t heap_index = 0;
    bool used = false;
  };
  struct Node {
    Instant when;
    std::uint64_t order;
    std::uint32_t slot;
    bool before(const Node& o) const { return when != o.when ? when < o.when : order < o.order; }
  };

  void place(std::size_t index, const Node& node);
  void up(std::size_t index, Node node);
  void down(std::size_t index, Node node);
  void remove_at(std::size_t index);

  std::vector<Node> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_order_ = 0;
};

}  // namespace amity::runtime
