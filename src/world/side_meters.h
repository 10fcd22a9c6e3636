// The devices of a town beside its DLMS meters: which service points speak which protocol, and the
// water, gas and heat meters that stand beside the electricity meters. Adds them to the master
// data.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "world/c12_meter.h"
#include "world/device_mix.h"
#include "world/grid.h"
#include "world/iec_meter.h"
#include "world/mbus_bus.h"
#include "world/modbus_meter.h"
#include "world/resource_meter.h"
#include "world/telegram_meter.h"

namespace amity::world {

// A device that is no DLMS meter, and how it is reached.
struct SideDevice {
  DeviceId device;
  MeterProtocol protocol = MeterProtocol::kWmbus;
  std::uint32_t meter = 0;    // index of the electricity meter, or into SideMeters::resources
  std::uint32_t carrier = 0;  // the collector, bus or concentrator it is behind; the home of the
                              // electricity meter that reads it
  std::uint8_t channel = 0;   // of a device behind an electricity meter
};

// Keys and passwords of a side device, as the fleet file writes them.
struct SideKey {
  DeviceId device;
  MeterProtocol protocol = MeterProtocol::kWmbus;
  Bytes key;                // 16 bytes
  std::uint8_t key_id = 0;  // C12.22
};

// How a total is shared out: electricity of each protocol takes homes in the order of
// MeterProtocol; water, gas and heat are spread over the homes.
struct MixPlan {
  std::array<std::uint32_t, kProtocols> counts{};
  std::uint32_t electricity() const;
  std::uint32_t homes() const;  // service points: at least one for each water, gas or heat meter
  MeterProtocol of_home(std::uint32_t home) const;  // of an electricity meter
};
// "PRX0000000001": an invented maker's.
std::string stg_concentrator_id(std::uint32_t concentrator);
MixPlan plan_mix(const DeviceMix& mix, std::uint32_t total);

// What feeds the water meters behind DLMS meters, and where it stands in the master data.
struct DistrictMeter {
  std::string name, serial;
  const ResourceMeter* meter = nullptr;
  std::vector<std::string> beneath;  // serial numbers
};

// Ends the model of a DLMS meter that has M-Bus clients.
inline constexpr std::string_view kMbusVariant = " M";

class SideMeters {
 public:
  // `meters`: the electricity meters of all homes. Rewrites the devices of those that speak no
  // DLMS, drops those of homes without electricity, and appends the others. `town` and `meters`
  // outlive the object.
  SideMeters(const MixPlan& plan, const MeterTown* town,
             std::vector<std::unique_ptr<VirtualMeter>>& meters, std::uint16_t port,
             store::MasterData& master);

  const std::vector<SideDevice>& devices() const { return devices_; }
  ResourceMeter& resource(std::uint32_t index) { return *resources_[index]; }
  const std::vector<std::unique_ptr<ResourceMeter>>& resources() const { return resources_; }
  std::vector<SideKey> keys() const;
  std::uint32_t collectors() const { return collectors_; }
  // The device on an M-Bus channel of an electricity meter is replaced by another of its kind, which
  // no master data names: what a head-end finds out by itself.
  const ResourceMeter& replace_mbus(const SideDevice& device, UtcSeconds at);
  // A water district of the meters behind DLMS meters: those whose past can be read. Its own meter is
  // behind `host`, a meter of the grid, at a point without a customer. Nothing where there are none.
  std::optional<DistrictMeter> add_district(VirtualMeter& host, DeviceId host_device,
                                            store::MasterData& master);
  // Whoever answers on a connection to that host: nullptr for nobody.
  std::unique_ptr<Conversation> converse(const std::string& host, Instant now);
  // Hosts that are listened on, for networks without a common address.
  std::vector<std::string> hosts() const;

 private:
  void convert(const MixPlan& plan, std::uint32_t home, std::uint16_t port,
               store::MasterData& master);
  void add_resources(const MixPlan& plan, std::uint16_t port, store::MasterData& master);
  void add_behind_dlms(const MixPlan& plan, std::uint16_t port, store::MasterData& master);
  void add_resource(MeterProtocol protocol, Commodity commodity, std::uint32_t home,
                    std::uint32_t carrier, std::uint16_t port, store::MasterData& master);

  const MeterTown* town_;
  std::vector<std::unique_ptr<VirtualMeter>>& meters_;
  std::vector<SideDevice> devices_;
  std::vector<std::unique_ptr<ResourceMeter>> resources_;
  // By host.
  std::unordered_map<std::string, std::unique_ptr<C12Meter>> c12_;
  std::unordered_map<std::string, std::unique_ptr<IecMeter>> iec_;
  std::unordered_map<std::string, std::pair<TelegramKind, const VirtualMeter*>> telegrams_;
  std::unordered_map<std::string, std::vector<ResourceMeter*>> buses_;
  std::unordered_map<std::string, std::pair<modbus::Transport, std::unique_ptr<ModbusMeter>>> modbus_;
  std::uint32_t collectors_ = 0;
};

}  // namespace amity::world
