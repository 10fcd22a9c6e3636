// The waiting commands of a shard: queued, run inside a conversation, expired.
#include "headend/impl.h"

namespace amity::headend {

namespace {

constexpr unsigned kCommandAttemptsMax = 3;
constexpr Duration kCommandRetry = std::chrono::seconds(5);

bool switches(CommandKind kind) { return kind == CommandKind::kDisconnect || kind == CommandKind::kConnect; }

}  // namespace

void HeadEnd::Impl::submit(const Command& command) {
  if (!ours(command.device)) return;
  context_.runtime.timers.post([weak = weak_from_this(), command] {
    if (const auto self = weak.lock(); self && self->running_) self->take_command(command);
  });
}

void HeadEnd::Impl::changed(const Command& command, CommandState state, std::string progress, std::string result) {
  CommandChanged fact;
  fact.id = command.id;
  fact.device = command.device;
  fact.state = state;
  fact.at = context_.runtime.clock.utc();
  fact.progress = std::move(progress);
  fact.result = std::move(result);
  if (state == CommandState::kDone) ++stats_.commands_done;
  if (state == CommandState::kFailed || state == CommandState::kExpired || state == CommandState::kUnknown) {
    ++stats_.commands_failed;
  }
  emit_(std::move(fact));
}

void HeadEnd::Impl::take_command(const Command& command) {
  Meter* const meter = meter_of(command.device);
  if (meter == nullptr) return changed(command, CommandState::kFailed, "", "nobody knows how to reach the device");
  if (waiting_commands_ >= kCommandsQueuedMax) {
    return changed(command, CommandState::kFailed, "", "too many commands are waiting");
  }
  auto& queue = commands_[command.device];
  for (const Queued& q : queue) {
    if (q.command.id == command.id) return;  // the journal gives facts at least once
  }
  queue.push_back({command, 0});
  ++waiting_commands_;
  if (command.deadline.value != 0) deadlines_.emplace(command.deadline.value, command.device);
  const UtcSeconds now = context_.runtime.clock.utc();
  if (const UtcSeconds wakes = meter->address.wake.next(now); wakes > now) {
    changed(command, CommandState::kQueued, "the meter sleeps; it is called when it wakes", "");
    call_when_awake(*meter, wakes);
  } else if (!meter->busy) {
    dispatcher_.offer(command.device, Priority::kOnDemand, meter->segment);
  }
  pump();
}

void HeadEnd::Impl::call_when_awake(const Meter& meter, UtcSeconds wakes) {
  const Instant at = context_.runtime.clock.now() +
                     Duration(wakes.value * 1'000'000 - context_.runtime.clock.utc_us());
  context_.runtime.timers.at(at, [weak = weak_from_this(), device = meter.device.id] {
    const auto self = weak.lock();
    if (!self || !self->running_ || !self->commands_.contains(device)) return;
    Meter* const m = self->meter_of(device);
    if (m == nullptr || m->busy) return;
    self->dispatcher_.offer(device, Priority::kOnDemand, m->segment);
    self->pump();
  });
}

// In order. A command of a conversation that breaks is not lost: what only reads may be tried
// again.
Task<Status> HeadEnd::Impl::run_commands(Meter& meter, Driver& driver) {
  const DeviceId device = meter.device.id;
  while (true) {
    expire_commands();
    const auto at = commands_.find(device);
    if (at == commands_.end()) co_return Status{};
    Queued queued = std::move(at->second.front());
    at->second.pop_front();
    if (at->second.empty()) commands_.erase(at);
    --waiting_commands_;
    const Command command = queued.command;
    changed(command, CommandState::kRunning, "connected", "");
    const bool sent_before = switches(command.kind) && command.state == CommandState::kRunning;
    Driver::Progress progress = [this, command](std::string text) {
      changed(command, CommandState::kRunning, std::move(text), "");
    };
    CommandOutcome outcome = co_await driver.run(command, sent_before, std::move(progress));
    changed(command, outcome.state, "", outcome.result);
    if (!driver.connected()) co_return make_error(ErrorCode::kClosed, "the connection was lost during a command");
  }
}

void HeadEnd::Impl::commands_unreachable(Meter& meter, const Error& why) {
  const DeviceId device = meter.device.id;
  const auto at = commands_.find(device);
  if (at == commands_.end()) return;
  auto& queue = at->second;
  for (auto q = queue.begin(); q != queue.end();) {
    if (++q->attempts < kCommandAttemptsMax && why.code != ErrorCode::kSecurity) {
      ++q;
      continue;
    }
    // It may have been switched in an earlier life of the head-end: nobody knows.
    const bool unknown = switches(q->command.kind) && q->command.state == CommandState::kRunning;
    changed(q->command, unknown ? CommandState::kUnknown : CommandState::kFailed, "", to_string(why));
    q = queue.erase(q);
    --waiting_commands_;
  }
  if (queue.empty()) {
    commands_.erase(at);
    return;
  }
  context_.runtime.timers.at(context_.runtime.clock.now() + kCommandRetry, [weak = weak_from_this(), device] {
    const auto self = weak.lock();
    if (!self || !self->running_ || !self->commands_.contains(device)) return;
    if (Meter* const m = self->meter_of(device)) {
      self->dispatcher_.offer(device, Priority::kOnDemand, m->segment);
      self->pump();
    }
  });
}

void HeadEnd::Impl::expire_commands() {
  const UtcSeconds now = context_.runtime.clock.utc();
  while (!deadlines_.empty() && deadlines_.begin()->first < now.value) {
    const DeviceId device = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    const auto at = commands_.find(device);
    if (at == commands_.end()) continue;
    auto& queue = at->second;
    for (auto q = queue.begin(); q != queue.end();) {
      if (q->command.deadline.value == 0 || q->command.deadline >= now) {
        ++q;
        continue;
      }
      changed(q->command, CommandState::kExpired, "", "not started before its deadline");
      q = queue.erase(q);
      --waiting_commands_;
    }
    if (queue.empty()) commands_.erase(at);
  }
}

}  // namespace amity::headend
