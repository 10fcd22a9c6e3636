// Gas, water and heat meters that an electricity meter reads for us, as devices of the registry of
// their own: which device stands on an M-Bus channel, and what becomes of it when another one does.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "headend/meter.h"
#include "model/event.h"
#include "store/registry.h"
#include "wire/dlms/mbus_client.h"

namespace amity::headend {

// "KAM00012345": letters and number, as the device is known in the registry.
std::string mbus_serial(const dlms::MbusSlave& slave);
// "volume" of m3, "energy" of Wh and J, as the same meter's own telegrams call them; otherwise the
// OBIS code.
std::string mbus_quantity(Unit unit, const dlms::Obis& obis);

// Who stands on the channels of one electricity meter; kept in the registry as
// "headend/mbus/PARENT/CHANNEL" = "SERIAL DEVICE".
class MbusRegister {
 public:
  MbusRegister(store::Registry& registry, const Meter& parent)
      : registry_(registry), parent_(parent) {}

  struct Settled {
    std::optional<DeviceId> device;  // nothing: the channel is free
    bool changed = false;            // another device than the last time, or the first time
    std::optional<DeviceId> before;  // who stood there and does not any more
    // Of a replaced or removed device: its own, the parent's and that of the new one.
    std::vector<Event> events;
  };
  // The device of the slave, made where the registry has none: at the parent's service point, known
  // from `since` on. Who stood there before is kRemoved from now on: its channels get nothing more.
  Result<Settled> settle(const dlms::MbusSlave& slave, UtcSeconds since, UtcSeconds now);
  // Who stood on the channel the last time.
  Result<std::optional<DeviceId>> last(std::uint8_t channel);

 private:
  struct Bound {
    std::string serial;
    DeviceId device;
  };
  std::string name_of(std::uint8_t channel) const;
  Result<std::optional<Bound>> bound(std::uint8_t channel);
  Result<Device> device_of(const dlms::MbusSlave& slave, UtcSeconds since);
  Status end(DeviceId device);

  store::Registry& registry_;
  const Meter& parent_;
};

}  // namespace amity::headend
