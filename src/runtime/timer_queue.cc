#include "runtime/timer_queue.h"

namespace amity::runtime {

TimerId TimerQueue::add(Instant when, std::function<void()> callback) {
  std::uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot].callback = std::move(callback);
  slots_[slot].used = true;
  heap_.emplace_back();
  up(heap_.size() - 1, Node{when, next_order_++, slot});
  return std::uint64_t{slots_[slot].generation} << 32 | slot;
}

bool TimerQueue::cancel(TimerId id) {
  const auto slot = static_cast<std::uint32_t>(id);
  const auto generation = static_cast<std::uint32_t>(id >> 32);
  if (slot >= slots_.size() || !slots_[slot].used || slots_[slot].generation != generation)
    return false;
  remove_at(slots_[slot].heap_index);
  return true;
}

bool TimerQueue::pop_due(Instant now, std::function<void()>& callback) {
  if (heap_.empty() || heap_.front().when > now) return false;
  callback = std::move(slots_[heap_.front().slot].callback);
  remove_at(0);
  return true;
}

void TimerQueue::place(std::size_t index, const Node& node) {
  heap_[index] = node;
  slots_[node.slot].heap_index = static_cast<std::uint32_t>(index);
}

void TimerQueue::up(std::size_t index, Node node) {
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (!node.before(heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, node);
}

void TimerQueue::down(std::size_t index, Node node) {
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
    if (!heap_[child].before(node)) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, node);
}

void TimerQueue::remove_at(std::size_t index) {
  Slot& slot = slots_[heap_[index].slot];
  slot.used = false;
  slot.callback = nullptr;
  if (++slot.generation == 0) slot.generation = 1;
  free_.push_back(heap_[index].slot);
  const Node last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  if (index > 0 && last.before(heap_[(index - 1) / 2])) {
    up(index, last);
  } else {
    down(index, last);
  }
}

}  // namespace amity::runtime
