// The head-ends of one process: one per reactor and thread, sharing the fleet by shard.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "headend/headend.h"
#include "runtime/reactor.h"
#include "store/store.h"

namespace amity::roles {

class HeadEndRole {
 public:
  HeadEndRole(store::Store& store, intake::Intake& intake, headend::KeyRing& keys);
  ~HeadEndRole();

  // Starts `count` head-ends; the first error stops all.
  Status start(headend::HeadEndConfig config, unsigned count);
  void stop();

  void submit(const Command& command);   // any thread
  void refresh(DeviceId device);         // any thread
  headend::HeadEndStats totals() const;  // any thread, at most a second old
  std::optional<Endpoint> push_tcp() const { return push_tcp_; }

 private:
  struct Worker {
    runtime::Reactor reactor;
    std::unique_ptr<headend::HeadEnd> headend;
    std::thread thread;
    headend::HeadEndStats stats;  // guarded by mutex_
  };
  void make_workers(headend::HeadEndConfig config, unsigned count);
  void emit(Fact fact);
  void publish_stats(Worker& worker);

  store::Store& store_;
  intake::Intake& intake_;
  headend::KeyRing& keys_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<Endpoint> push_tcp_;
};

}  // namespace amity::roles
