// Virtual time: many processes on one thread, each with its own clock, timers, random source and
// place in the network, all of them functions of one seed. A process can be crashed at any point:
// its timers and streams vanish at once, without a callback; afterwards its objects are destroyed
// and made anew over what was durable.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "world/virtual_network.h"

namespace amity::world {

class VirtualWorld;

// Calendar time of a process: right at first, then as wrong as it is made. Monotonic time is
// everyone's.
class VirtualClock : public Clock {
 public:
  VirtualClock(const VirtualQueue& queue, std::int64_t start_us)
      : queue_(queue), start_us_(start_us) {}
  UtcSeconds utc() const override;
  std::int64_t utc_us() const override { return start_us_ + queue_.now().us + error_us_; }
  Instant now() const override { return queue_.now(); }
  void jump(Duration by) { error_us_ += by.count(); }
  Duration error() const { return Duration(error_us_); }

 private:
  const VirtualQueue& queue_;
  std::int64_t start_us_;
  std::int64_t error_us_ = 0;
};

class VirtualProcess {
 public:
  VirtualProcess(VirtualWorld& world, std::string host, OwnerId owner);
  ~VirtualProcess();
  VirtualProcess(const VirtualProcess&) = delete;
  VirtualProcess& operator=(const VirtualProcess&) = delete;

  Runtime runtime();
  const std::string& host() const { return host_; }
  VirtualClock& clock() { return clock_; }
  LinkProfile link;

  // Every timer, stream, listener and socket vanishes without a callback; destroy what used them
  // after this. Silently: peers are told nothing (the host lost power). The random source starts a
  // new sequence.
  void crash(bool silently);
  // While down, nothing reaches the process and nothing answers in its name. Timers run on.
  void set_down(bool down) { down_ = down; }
  bool down() const { return down_; }
  // Until then its link holds back streams and loses datagrams.
  void cut_link(Instant until) { link_cut_until_ = std::max(link_cut_until_, until); }
  Instant link_cut_until() const { return link_cut_until_; }

  OwnerId owner() const { return owner_; }
  std::uint32_t incarnation() const { return incarnation_; }
  VirtualWorld& world() { return world_; }

 private:
  class ProcessTimers;
  class ProcessNetwork;
  VirtualWorld& world_;
  std::string host_;
  OwnerId owner_;
  std::uint32_t incarnation_ = 1;
  bool down_ = false;
  Instant link_cut_until_;
  VirtualClock clock_;
  VirtualRandom random_;
  std::unique_ptr<ProcessTimers> timers_;
  std::unique_ptr<ProcessNetwork> network_;
};

class VirtualWorld {
 public:
  VirtualWorld(std::uint64_t seed, UtcSeconds start);
  ~VirtualWorld();

  // `host` is its address, e.g. "10.0.0.1"; it may listen on others too.
  VirtualProcess& add_process(std::string host);

  UtcSeconds start() const { return start_; }
  UtcSeconds utc() const;  // true time
  Instant now() const { return queue_.now(); }
  // Of the world itself: survives every crash.
  TimerId at(Instant when, std::function<void()> callback) {
    return queue_.add(when, 0, std::move(callback));
  }
  // Runs everything that is due up to `until`, which then is the time; stops early once stop() was
  // called.
  void run_until(Instant until);
  void run_for(Duration duration) { run_until(now() + duration); }
  void stop() { stopped_ = true; }

  VirtualQueue& queue() { return queue_; }
  VirtualNetwork& network() { return network_; }
  std::uint64_t seed() const { return seed_; }

 private:
  std::uint64_t seed_;
  UtcSeconds start_;
  bool stopped_ = false;
  VirtualQueue queue_;
  VirtualNetwork network_;
  std::vector<std::unique_ptr<VirtualProcess>> processes_;
};

}  // namespace amity::world
