#include "roles/headend_role.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <future>

#include "driver/embedded_models.h"

namespace amity::roles {
namespace {

constexpr Duration kStatsInterval = std::chrono::seconds(1);

void add(headend::HeadEndStats& sum, const headend::HeadEndStats& s) {
  sum.devices += s.devices;
  sum.in_flight += s.in_flight;
  sum.waiting_commands += s.waiting_commands;
  sum.locked_out += s.locked_out;
  sum.contacts_ok += s.contacts_ok;
  sum.contacts_failed += s.contacts_failed;
  sum.security_failures += s.security_failures;
  sum.readings_accepted += s.readings_accepted;
  sum.events_accepted += s.events_accepted;
  sum.commands_done += s.commands_done;
  sum.commands_failed += s.commands_failed;
  sum.pushes_accepted += s.pushes_accepted;
  sum.pushes_refused += s.pushes_refused;
  sum.push_connections += s.push_connections;
  sum.connections_open += s.connections_open;
  sum.bytes_sent += s.bytes_sent;
  sum.bytes_received += s.bytes_received;
}

}  // namespace

HeadEndRole::HeadEndRole(store::Store& store, intake::Intake& intake, headend::KeyRing& keys)
    : store_(store), intake_(intake), keys_(keys) {}

HeadEndRole::~HeadEndRole() {
  stop();
}

void HeadEndRole::emit(Fact fact) {
  store_.journal().append(fact, [](Result<store::Sequence> durable) {
    if (!durable.ok())
      spdlog::error("head-end: a fact was not kept: {}", to_string(durable.error()));
  });
}

void HeadEndRole::publish_stats(Worker& worker) {
  {
    const std::lock_guard lock(mutex_);
    worker.stats = worker.headend->stats();
  }
  const Runtime runtime = worker.reactor.runtime();
  runtime.timers.at(runtime.clock.now() + kStatsInterval,
                    [this, &worker] { publish_stats(worker); });
}

void HeadEndRole::make_workers(headend::HeadEndConfig config, unsigned count) {
  const std::lock_guard lock(mutex_);
  config.shards = count;
  for (unsigned shard = 0; shard < count; ++shard) {
    config.shard = shard;
    if (shard > 0) config.push = {};  // one listener; what it hears is of any shard
    Worker& worker = *workers_.emplace_back(std::make_unique<Worker>());
    worker.headend = std::make_unique<headend::HeadEnd>(
        worker.reactor.runtime(), store_.registry(), store_.readings(), store_.events(), intake_,
        keys_, config, [this](Fact fact) { emit(std::move(fact)); });
    if (count == 1) continue;
    worker.headend->set_forward([this, shard](const dlms::Pushed& pushed, const Endpoint& from) {
      for (std::size_t other = 0; other < workers_.size(); ++other) {
        if (other != shard) workers_[other]->headend->hear(pushed, from);
      }
    });
  }
}

Status HeadEndRole::start(headend::HeadEndConfig config, unsigned count) {
  if (!config.models) {
    AMITY_TRY(driver::ModelSet models, driver::load_models());
    config.models = std::make_shared<const driver::ModelSet>(std::move(models));
  }
  make_workers(std::move(config),
               count);  // all of them before any thread: they hand pushes to each other
  for (auto& each : workers_) {
    Worker& worker = *each;
    std::promise<Status> started;
    auto result = started.get_future();
    worker.reactor.runtime().timers.post([this, &worker, &started] {
      Status status = worker.headend->start();
      if (status.ok()) publish_stats(worker);
      started.set_value(std::move(status));
    });
    worker.thread = std::thread([&worker] { worker.reactor.run(); });
    if (const Status status = result.get(); !status.ok()) {
      stop();
      return status.error();
    }
  }
  push_tcp_ = workers_.front()->headend->push_tcp();
  return {};
}

void HeadEndRole::stop() {
  for (auto& worker : workers_) {
    if (!worker->thread.joinable()) continue;
    // On the loop's thread: conversations end where they stand, then the loop.
    worker->reactor.runtime().timers.post([w = worker.get()] {
      w->headend->stop();
      w->reactor.stop();
    });
  }
  for (auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
  const std::lock_guard lock(mutex_);
  for (auto& worker : workers_) worker->headend.reset();
  workers_.clear();
}

void HeadEndRole::submit(const Command& command) {
  for (const auto& worker : workers_) worker->headend->submit(command);
}

void HeadEndRole::refresh(DeviceId device) {
  for (const auto& worker : workers_) worker->headend->refresh(device);
}

headend::HeadEndStats HeadEndRole::totals() const {
  const std::lock_guard lock(mutex_);
  headend::HeadEndStats sum;
  for (const auto& worker : workers_) add(sum, worker->stats);
  return sum;
}

}  // namespace amity::roles
