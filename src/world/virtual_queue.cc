#include "world/virtual_queue.h"

#include <algorithm>
#include <limits>

namespace amity::world {

namespace {
// A timer's id is its sequence and its slot: an id is never used twice.
constexpr int kSlotBits = 24;
}  // namespace

TimerId VirtualQueue::add(Instant when, OwnerId owner, std::function<void()> callback) {
  std::uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    AMITY_ASSERT(slot < (1u << kSlotBits));
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  const std::uint64_t sequence = ++last_sequence_;
  slots_[slot].sequence = sequence;
  slots_[slot].owner = owner;
  slots_[slot].callback = std::move(callback);
  heap_.push_back(Entry{std::max(when, now_), sequence, slot});
  std::push_heap(heap_.begin(), heap_.end());
  ++live_;
  return sequence << kSlotBits | slot;
}

std::function<void()> VirtualQueue::release(std::uint32_t slot) {
  slots_[slot].sequence = 0;
  free_.push_back(slot);
  --live_;
  return std::exchange(slots_[slot].callback, nullptr);
}

void VirtualQueue::cancel(TimerId id) {
  const auto slot = static_cast<std::uint32_t>(id & ((1u << kSlotBits) - 1));
  if (id == 0 || slot >= slots_.size() || slots_[slot].sequence != id >> kSlotBits) return;
  // Destroyed at the end of this call: what it captured may cancel others.
  const auto callback = release(slot);
  if (heap_.size() > 1'024 && heap_.size() > 4 * live_) compact();
}

void VirtualQueue::drop_all_of(OwnerId owner) {
  std::vector<std::function<void()>> dropped;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].sequence != 0 && slots_[i].owner == owner) dropped.push_back(release(i));
  }
}

void VirtualQueue::compact() {
  std::erase_if(heap_, [&](const Entry& e) { return slots_[e.slot].sequence != e.sequence; });
  std::make_heap(heap_.begin(), heap_.end());
}

void VirtualQueue::skip_cancelled() {
  while (!heap_.empty() && slots_[heap_.front().slot].sequence != heap_.front().sequence) {
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
  }
}

Instant VirtualQueue::next() {
  skip_cancelled();
  return heap_.empty() ? Instant{std::numeric_limits<std::int64_t>::max()} : heap_.front().when;
}

bool VirtualQueue::run_one(Instant until) {
  skip_cancelled();
  if (heap_.empty() || heap_.front().when > until) {
    now_ = std::max(now_, until);
    return false;
  }
  const Entry entry = heap_.front();
  std::pop_heap(heap_.begin(), heap_.end());
  heap_.pop_back();
  now_ = entry.when;
  ++executed_;
  const auto callback = release(entry.slot);
  callback();
  return true;
}

}  // namespace amity::world
