#include "headend/supply_switch.h"

#include "headend/waiting.h"

namespace amity::headend {

namespace {

constexpr int kReadBackAttempts = 3;
constexpr Duration kReadBackPause = std::chrono::seconds(5);

}  // namespace

Task<CommandOutcome> switch_supply(SupplySwitch& meter, Runtime runtime, bool connect,
                                   bool sent_before) {
  const std::string wanted = connect ? "connected" : "disconnected";
  Error why = make_error(ErrorCode::kClosed, "the head-end stopped");
  bool taken = false;
  if (!sent_before) {
    const auto before = co_await meter.supply();
    if (!before.ok()) co_return CommandOutcome{CommandState::kFailed, to_string(before.error())};
    if (*before == connect) co_return CommandOutcome{CommandState::kDone, "was already " + wanted};
    const auto answer = co_await meter.send_switch(connect);
    if (answer.ok() && !answer->empty()) {
      co_return CommandOutcome{CommandState::kFailed, "the meter refused: " + *answer};
    }
    taken = answer.ok();
    if (!answer.ok()) why = answer.error();
  }
  bool read_back = false;
  for (int attempt = 0; attempt < kReadBackAttempts; ++attempt) {
    if (attempt > 0) co_await SleepUntil(runtime.timers, runtime.clock.now() + kReadBackPause);
    const Status opened = co_await meter.open_again();
    if (!opened.ok()) {
      why = opened.error();
      continue;
    }
    const auto state = co_await meter.supply();
    if (state.ok() && !state->has_value()) {
      if (taken) co_return CommandOutcome{CommandState::kDone, wanted + ", as the meter says"};
      why = make_error(ErrorCode::kUnsupported, "its address names no table that shows it");
      break;
    }
    if (state.ok() && *state == connect)
      co_return CommandOutcome{CommandState::kDone, wanted + ", read back"};
    read_back = state.ok();
    if (!state.ok()) why = state.error();
  }
  if (read_back) {
    co_return CommandOutcome{CommandState::kFailed,
                             "not " + wanted + " when read back; it was not sent again"};
  }
  co_return CommandOutcome{CommandState::kUnknown,
                           "sent, and the state could not be read back: " + to_string(why)};
}

}  // namespace amity::headend
