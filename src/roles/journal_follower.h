// One department's place in the journal. At least once: the cursor is saved after the department
// has made its own work durable, so after a crash the same facts come again and must change
// nothing.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/runtime.h"
#include "store/journal.h"

namespace amity::roles {

class JournalFollower {
 public:
  using Handle = std::function<void(const store::JournalEntry&)>;
  // Makes the department's work up to the cursor durable; the cursor is saved only when it
  // succeeds.
  using Save = std::function<Status()>;

  JournalFollower(store::Journal& journal, std::string department, Handle handle, Save save);
  ~JournalFollower();

  // Continues where the cursor is (or after `from`, when the department rebuilt itself up to
  // there).
  Status begin();
  Status begin_after(store::Sequence from);

  // Handles up to `max` facts; how many there were. For virtual time and for the thread below.
  Result<std::size_t> step(std::size_t max);
  Status save();

  // Called on the thread after each look at the journal, at least twice a second. Set before it
  // starts.
  void set_idle(std::function<void()> idle) { idle_ = std::move(idle); }
  // Follows on a thread of its own until stop(); saves every `save_interval` of `clock`, which
  // outlives it.
  void start_thread(const Clock& clock, Duration save_interval);
  void stop();
  // From any thread: something new is in the journal.
  void wake();

  store::Sequence position() const { return position_.load(); }

 private:
  void run(const Clock& clock, Duration save_interval);

  store::Journal& journal_;
  std::string department_;
  Handle handle_;
  Save save_;
  std::function<void()> idle_;
  std::atomic<store::Sequence> position_{0};
  store::Sequence saved_ = 0;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool stopping_ = false, pending_ = false;
  std::thread thread_;
};

}  // namespace amity::roles
