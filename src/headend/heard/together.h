// One answer for a delivery of several parts.
#pragma once

#include <memory>

#include "headend/heard/sink.h"

namespace amity::heard {

// Runs `done` once, when end() was called and every part is done: with kBusy or kIo where a part is
// to be sent again, else with the first error.
class Together {
 public:
  explicit Together(Sink::Done done) : state_(std::make_shared<State>()) {
    state_->done = std::move(done);
  }
  Sink::Done part() {
    ++state_->open;
    return [state = state_](Status status) { close(*state, std::move(status)); };
  }
  // Of the whole, beside its parts.
  void end(Status status = {}) { close(*state_, std::move(status)); }

 private:
  struct State {
    Sink::Done done;
    std::size_t open = 1;
    Status status;
  };
  static bool again(const Status& status) {
    return !status.ok() &&
           (status.error().code == ErrorCode::kBusy || status.error().code == ErrorCode::kIo);
  }
  static void close(State& state, Status status) {
    if (state.status.ok() || (again(status) && !again(state.status))) {
      if (!status.ok()) state.status = std::move(status);
    }
    if (--state.open == 0 && state.done) state.done(std::move(state.status));
  }
  std::shared_ptr<State> state_;
};

}  // namespace amity::heard
