// What is to happen, in virtual time: the earliest first, of equals the one that was added first.
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/runtime.h"

namespace amity::world {

// Whose event it is: a crash drops all of one owner's. 0 belongs to the world itself.
using OwnerId = std::uint32_t;

class VirtualQueue {
 public:
  Instant now() const { return now_; }
  TimerId add(Instant when, OwnerId owner, std::function<void()> callback);
  void cancel(TimerId id);
  void drop_all_of(OwnerId owner);

  // Advances to the next event and runs it. False: nothing is left until `until`, which is now the
  // time.
  bool run_one(Instant until);
  // The next event's time; nothing is pending: Instant{INT64_MAX}.
  Instant next();
  std::size_t pending() const { return live_; }
  std::uint64_t executed() const { return executed_; }

 private:
  struct Entry {
    Instant when;
    std::uint64_t sequence;
    std::uint32_t slot;
    // For a heap with the earliest at the front.
    friend bool operator<(const Entry& a, const Entry& b) {
      return a.when != b.when ? a.when > b.when : a.sequence > b.sequence;
    }
  };
  struct Slot {
    std::uint64_t sequence = 0;  // of the entry that holds it; 0: free
    OwnerId owner = 0;
    std::function<void()> callback;
  };
  std::function<void()> release(std::uint32_t slot);
  void skip_cancelled();
  void compact();

  Instant now_;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t executed_ = 0;
  std::size_t live_ = 0;
  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace amity::world
