// A simulated utility in this process: virtual meters on loopback sockets, on a thread of their
// own, and a platform that knows them. What `amity demo` shows and the end-to-end tests examine.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "roles/platform.h"
#include "runtime/reactor.h"
#include "world/fleet.h"

namespace amity::app {

class SimulatedUtility {
 public:
  // Starts the meters (port 0: the system chooses) and a platform over an empty data directory that
  // holds them.
  static Result<std::unique_ptr<SimulatedUtility>> start(world::FleetConfig fleet,
                                                         roles::PlatformOptions options);
  ~SimulatedUtility();

  roles::Platform& platform() { return *platform_; }
  // Fixed once started; its meters live on their own thread.
  const world::Fleet& fleet() const { return *fleet_; }
  // Runs `work` on the meters' thread and waits.
  void on_meters(const std::function<void(world::Fleet&)>& work);

 private:
  SimulatedUtility() = default;
  Status start_meters(const world::FleetConfig& config);

  runtime::Reactor reactor_;
  std::unique_ptr<world::Fleet> fleet_;
  std::thread meters_;
  std::unique_ptr<roles::Platform> platform_;
};

// Keys of a simulated meter as the key ring takes them.
headend::DeviceKeys device_keys(const world::DeviceSecrets& secrets);
headend::DeviceKeys device_keys(const world::SideKey& key);

}  // namespace amity::app
