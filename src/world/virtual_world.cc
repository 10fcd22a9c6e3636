#include "world/virtual_world.h"

#include "world/hash.h"

namespace amity::world {

UtcSeconds VirtualClock::utc() const {
  const std::int64_t us = utc_us();
  return UtcSeconds(us >= 0 ? us / 1'000'000 : -((-us + 999'999) / 1'000'000));
}

class VirtualProcess::ProcessTimers : public Timers {
 public:
  explicit ProcessTimers(VirtualProcess& process) : process_(process) {}
  TimerId at(Instant when, std::function<void()> callback) override {
    return process_.world_.queue().add(when, process_.owner_, std::move(callback));
  }
  void cancel(TimerId id) override { process_.world_.queue().cancel(id); }
  void post(std::function<void()> callback) override {
    process_.world_.queue().add(process_.world_.now(), process_.owner_, std::move(callback));
  }

 private:
  VirtualProcess& process_;
};

class VirtualProcess::ProcessNetwork : public Network {
 public:
  explicit ProcessNetwork(VirtualProcess& process) : process_(process) {}
  std::unique_ptr<Stream> connect(const Endpoint& to, Duration timeout,
                                  Stream::Handler* handler) override {
    return net().connect(process_, to, timeout, handler);
  }
  Result<std::unique_ptr<Listener>> listen(
      const Endpoint& at, std::function<void(std::unique_ptr<Stream>)> on_accept) override {
    return net().listen(process_, at, std::move(on_accept));
  }
  Result<std::unique_ptr<DatagramSocket>> open_datagram(
      const Endpoint& at,
      std::function<void(const Endpoint& from, ByteView bytes)> on_datagram) override {
    return net().open_datagram(process_, at, std::move(on_datagram));
  }

 private:
  VirtualNetwork& net() { return process_.world_.network(); }
  VirtualProcess& process_;
};

VirtualProcess::VirtualProcess(VirtualWorld& world, std::string host, OwnerId owner)
    : world_(world),
      host_(std::move(host)),
      owner_(owner),
      clock_(world.queue(), world.start().value * 1'000'000),
      random_(mix(world.seed(), owner, incarnation_)),
      timers_(std::make_unique<ProcessTimers>(*this)),
      network_(std::make_unique<ProcessNetwork>(*this)) {}

VirtualProcess::~VirtualProcess() = default;

Runtime VirtualProcess::runtime() {
  return Runtime{clock_, *timers_, random_, *network_};
}

void VirtualProcess::crash(bool silently) {
  world_.queue().drop_all_of(owner_);
  world_.network().drop_all_of(*this, silently);
  ++incarnation_;
  random_ = VirtualRandom(mix(world_.seed(), owner_, incarnation_));
}

VirtualWorld::VirtualWorld(std::uint64_t seed, UtcSeconds start)
    : seed_(seed), start_(start), network_(queue_, mix(seed, 0x6E6574)) {}

VirtualWorld::~VirtualWorld() {
  // What a callback holds may still speak to the network as it is destroyed.
  for (const auto& process : processes_) queue_.drop_all_of(process->owner());
  queue_.drop_all_of(0);
}

VirtualProcess& VirtualWorld::add_process(std::string host) {
  const auto owner = static_cast<OwnerId>(processes_.size() + 1);
  processes_.push_back(std::make_unique<VirtualProcess>(*this, std::move(host), owner));
  return *processes_.back();
}

UtcSeconds VirtualWorld::utc() const {
  return start_ + queue_.now().us / 1'000'000;
}

void VirtualWorld::run_until(Instant until) {
  stopped_ = false;
  while (!stopped_ && queue_.run_one(until)) {
  }
}

}  // namespace amity::world
