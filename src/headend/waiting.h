// Awaitables over callbacks and timers.
#pragma once

#include <memory>

#include "base/runtime.h"
#include "base/task.h"

namespace amity::headend {

// Awaits a callback that comes on any thread, or within the call that starts it: `start(done)` begins, done(T) ends.
// The awaiting task goes on from the loop, never inside the callback.
template <class T, class Start>
Task<T> on_loop(Timers& timers, Start start) {
  auto shot = std::make_shared<OneShot<T>>();
  Timers* const loop = &timers;
  start([loop, shot](T value) {
    loop->post([shot, value = std::move(value)]() mutable { shot->set(std::move(value)); });
  });
  T value = co_await *shot;
  co_return value;
}

// Until a moment; cancelled with its task.
class SleepUntil {
 public:
  SleepUntil(Timers& timers, Instant when) : timers_(timers), when_(when) {}
  SleepUntil(const SleepUntil&) = delete;
  SleepUntil& operator=(const SleepUntil&) = delete;
  ~SleepUntil() { timers_.cancel(timer_); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    timer_ = timers_.at(when_, [this, h] {
      timer_ = 0;
      h.resume();
    });
  }
  void await_resume() const noexcept {}

 private:
  Timers& timers_;
  Instant when_;
  TimerId timer_ = 0;
};

}  // namespace amity::headend
