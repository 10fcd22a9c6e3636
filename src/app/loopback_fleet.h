// For benchmarks and tests: a fleet of virtual meters on loopback sockets, on a thread of its own.
#pragma once

#include <memory>
#include <thread>

#include "headend/key_ring.h"
#include "runtime/reactor.h"
#include "runtime/tls.h"
#include "world/fleet.h"

namespace amity::app {

class LoopbackFleet {
 public:
  // Behind TLS where `tls` is given. Ideal links, no faults; computed beforehand what a first read needs.
  static Result<std::unique_ptr<LoopbackFleet>> start(std::uint32_t meters, std::int32_t history_days,
                                                      bool hdlc = false,
                                                      world::DeviceMix mix = world::DeviceMix::all_dlms(),
                                                      const runtime::TlsContext* tls = nullptr);
  ~LoopbackFleet();

  world::Fleet& fleet() { return *fleet_; }

 private:
  runtime::Reactor reactor_;
  std::unique_ptr<Network> tls_;
  std::unique_ptr<world::Fleet> fleet_;
  std::thread thread_;
};

// The keys of simulated meters as the key ring holds them.
std::vector<std::pair<DeviceId, headend::DeviceKeys>> keys_of(const world::Fleet& fleet);

}  // namespace amity::app
