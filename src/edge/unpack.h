// From an edge's ids to the server's: its meters are the registry's devices with the address
// edge://NAME; one that nobody has registered yet is, with the first batch that names it. Readings
// that may not be taken become events, so that nothing that arrived is lost.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "edge/batch.h"
#include "store/registry.h"

namespace amity::edge {

// "edge://NAME": how a device says that an edge reads it.
std::string address_behind(const std::string& edge);

// A batch for the intake; what is empty is not delivered.
struct Unpacked {
  ReadingsArrived readings;
  EventsArrived events;
  std::vector<ContactMade> contacts;
  std::vector<CommandChanged> commands;
};

class Unpacker {
 public:
  // `self` is the edge's own device: what belongs to no other is filed under it. `registry`
  // outlives the object.
  Unpacker(store::Registry& registry, std::string edge, DeviceId self)
      : registry_(registry), edge_(std::move(edge)), self_(self) {}

  // `source` names the deliveries. Fails when the registry does, or holds too many devices of this
  // edge (kLimit).
  Result<Unpacked> unpack(Batch batch, const std::string& source, UtcSeconds now);
  std::size_t refused_readings() const { return refused_; }
  // Service points that the last batch's devices were to be hung at and that nobody knows, in
  // words;
  // "": none. Said once.
  std::string unknown_places() { return std::exchange(unknown_places_, {}); }
  // Devices that were registered by the last batch.
  std::vector<DeviceId> registered() { return std::exchange(registered_, {}); }

 private:
  struct Place {
    DeviceId device;  // none: not this edge's
    std::string why;
  };
  Result<Place> place_of(const Device& named, const std::string& service_point, UtcSeconds now);
  // `fresh`: it is not registered yet. Where it hangs already is not changed.
  Status hang(Device& device, bool fresh, const std::string& service_point, UtcSeconds now);
  Status unpack_command(CommandChanged changed, UtcSeconds now, Unpacked& out);
  Result<const Channel*> channel_for(DeviceId device, const Channel& named);

  store::Registry& registry_;
  std::string edge_;
  DeviceId self_;
  struct Known {
    DeviceId device;
    std::string service_point;  // as it was named last
  };
  std::map<std::string, Known> devices_;  // by serial; of this edge
  std::string unknown_places_;
  std::map<DeviceId, std::vector<Channel>> channels_;
  std::vector<DeviceId> registered_;
  std::size_t refused_ = 0;
};

}  // namespace amity::edge
