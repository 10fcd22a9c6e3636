// One thread's event loop on real sockets (Boost.Asio, epoll): the clock, timers, random source and
// network of base/runtime.h. Everything a reactor gave out must be destroyed before it.
#pragma once

#include <memory>

#include "base/runtime.h"

namespace amity::runtime {

struct ReactorOptions {
  // Several reactors may listen on the same port; the kernel spreads connections over them.
  bool reuse_port = false;
};

class Reactor {
 public:
  explicit Reactor(const ReactorOptions& options = {});
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  Runtime runtime();
  // Serves until stop(); the calling thread is the loop's thread.
  void run();
  // Serves for a while; true when stop() was called meanwhile.
  bool run_for(Duration duration);
  // From any thread. A run that has not begun returns at once.
  void stop();
  // After stop(): makes run() possible again.
  void restart();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace amity::runtime
