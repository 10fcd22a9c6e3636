#include "world/side_meters.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "world/limits.h"

namespace amity::world {
namespace {

constexpr std::uint8_t kModbusUnit = 1;
// How a C12Meter's supply is switched.
constexpr std::string_view kC12Switch = "connect=m4:01&disconnect=m4:00&supply=2050/0/0";

constexpr std::uint32_t count_of(const MixPlan& plan, MeterProtocol p) {
  return plan.counts[static_cast<std::size_t>(p)];
}

// Of a number of water and gas meters three in five are for water.
std::uint32_t water_among(std::uint32_t meters) {
  return (meters * 3 + 4) / 5;
}

}  // namespace

std::uint32_t MixPlan::electricity() const {
  std::uint32_t sum = 0;
  for (std::size_t p = 0; p < kProtocols; ++p)
    sum += is_electricity(static_cast<MeterProtocol>(p)) ? counts[p] : 0;
  return sum;
}

std::uint32_t MixPlan::homes() const {
  const std::uint32_t radio = count_of(*this, MeterProtocol::kWmbus);
  return std::max({electricity(), water_among(radio), count_of(*this, MeterProtocol::kMbus)});
}

MeterProtocol MixPlan::of_home(std::uint32_t home) const {
  std::size_t p = 0;
  for (; home >= counts[p]; ++p) home -= counts[p];
  return static_cast<MeterProtocol>(p);
}

MixPlan plan_mix(const DeviceMix& mix, std::uint32_t total) {
  return {mix.counts(total)};
}

SideMeters::SideMeters(const MixPlan& plan, const MeterTown* town,
                       std::vector<std::unique_ptr<VirtualMeter>>& meters, std::uint16_t port,
                       store::MasterData& master)
    : town_(town), meters_(meters) {
  const std::uint32_t dlms = count_of(plan, MeterProtocol::kDlms);
  master.devices.resize(plan.electricity());
  std::erase_if(master.channels, [&](const Channel& c) { return c.device.value > dlms; });
  for (std::uint32_t home = dlms; home < plan.electricity(); ++home)
    convert(plan, home, port, master);
  add_resources(plan, port, master);
}

void SideMeters::convert(const MixPlan& plan, std::uint32_t home, std::uint16_t port,
                         store::MasterData& master) {
  Device& device = master.devices[home];
  const MeterProtocol protocol = plan.of_home(home);
  device.protocol = to_string(protocol);
  device.segment.clear();
  const std::string host = meter_host(home);
  devices_.push_back({device.id, protocol, home, 0});
  if (protocol == MeterProtocol::kC1222) {
    c12_[host] = std::make_unique<C12Meter>(*meters_[home], town_->seed, town_->book->zone());
    device.model = "Quadrant AX4-SD";
    device.firmware = "4.2";
    device.address = fmt::format("c1222+tcp://{}:{}?called={}&calling={}&security=enc&key-id={}&{}",
                                 host, port, c12_title(home), kC12HeadEndTitle, kC12KeyId,
                                 kC12Switch);
  } else if (protocol == MeterProtocol::kIec62056) {
    iec_[host] = std::make_unique<IecMeter>(*meters_[home], town_->book->zone());
    device.model = "Iris IX7-C";
    device.firmware = "1.9";
    device.address =
        fmt::format("iec62056+tcp://{}:{}?device={}&mode=C", host, port, device.serial);
  } else if (protocol == MeterProtocol::kSml || protocol == MeterProtocol::kP1) {
    const bool sml = protocol == MeterProtocol::kSml;
    telegrams_[host] = {sml ? TelegramKind::kSml : TelegramKind::kP1, meters_[home].get()};
    if (sml) device.serial = sml_serial(*meters_[home]);
    device.model = sml ? "Sigma S3" : "Porta P1";
    device.firmware = "3.0";
    device.address = fmt::format("{}+tcp://{}:{}", to_string(protocol), host, port);
  } else if (protocol == MeterProtocol::kModbus) {
    // Every second one is on an RS-485 line behind a gateway that passes RTU frames on.
    const bool rtu = home % 2 != 0;
    modbus_[host] = {rtu ? modbus::Transport::kRtu : modbus::Transport::kTcp,
                     std::make_unique<ModbusMeter>(*meters_[home])};
    device.model = "SDM630 Modbus";
    device.firmware.clear();
    device.address = fmt::format("modbus+tcp://{}:{}?unit={}&map={}{}", host, port, kModbusUnit,
                                 kModbusModel, rtu ? "&framing=rtu" : "");
  } else if (protocol == MeterProtocol::kStg) {
    const std::uint32_t before = plan.electricity() - count_of(plan, MeterProtocol::kStg);
    devices_.back().carrier = (home - before) / kStgMeters;
    device.model = "Prisma PX1";
    device.firmware = "5.1";
    device.address = "stg:";
    device.segment = stg_concentrator_id(devices_.back().carrier);
    device.interval_s = 3'600;  // of the curve in the reports
  }
}

std::string stg_concentrator_id(std::uint32_t concentrator) {
  return fmt::format("PRX{:010}", concentrator + 1);
}

void SideMeters::add_resources(const MixPlan& plan, std::uint16_t port, store::MasterData& master) {
  const std::uint32_t radio = count_of(plan, MeterProtocol::kWmbus), water = water_among(radio);
  const std::uint32_t homes = plan.homes();
  const auto spread = [homes](std::uint32_t i, std::uint32_t of) {
    return static_cast<std::uint32_t>(std::uint64_t{i} * homes / of);
  };
  // Neighbours share a collector.
  collectors_ = radio == 0 ? 0 : (radio - 1) / kCollectorMeters + 1;
  for (std::uint32_t i = 0; i < radio; ++i) {
    const bool is_water = i < water;
    const std::uint32_t home = is_water ? spread(i, water) : spread(i - water, radio - water);
    const auto collector = static_cast<std::uint32_t>(std::uint64_t{home} * collectors_ / homes);
    add_resource(MeterProtocol::kWmbus, is_water ? Commodity::kWater : Commodity::kGas, home,
                 collector, port, master);
  }
  const std::uint32_t wired = count_of(plan, MeterProtocol::kMbus);
  for (std::uint32_t i = 0; i < wired; ++i) {
    add_resource(MeterProtocol::kMbus, Commodity::kHeat, spread(i, wired), i / kBusMeters, port,
                 master);
  }
  add_behind_dlms(plan, port, master);
}

// Two behind one meter where there are meters enough, spread over the homes.
void SideMeters::add_behind_dlms(const MixPlan& plan, std::uint16_t port,
                                 store::MasterData& master) {
  constexpr Commodity kByChannel[kMbusChannels] = {Commodity::kGas, Commodity::kWater,
                                                   Commodity::kHeat, Commodity::kWater};
  const std::uint32_t devices = count_of(plan, MeterProtocol::kDlmsMbus);
  const std::uint32_t dlms = count_of(plan, MeterProtocol::kDlms);
  if (devices == 0) return;
  AMITY_ASSERT(devices <= dlms * kMbusChannels);
  const std::uint32_t hosts = std::min(dlms, (devices + 1) / 2),
                      each = (devices + hosts - 1) / hosts;
  for (std::uint32_t i = 0; i < devices; ++i) {
    const auto home = static_cast<std::uint32_t>(std::uint64_t{i / each} * dlms / hosts);
    const auto channel = static_cast<std::uint8_t>(i % each + 1);
    add_resource(MeterProtocol::kDlmsMbus, kByChannel[channel - 1u], home, home, port, master);
    devices_.back().channel = channel;
    meters_[home]->attach(channel, resources_.back().get(), town_->born);
    // A variant of its model: one that has M-Bus clients.
    Device& host = master.devices[home];
    if (!host.model.ends_with(kMbusVariant)) host.model += kMbusVariant;
  }
}

const ResourceMeter& SideMeters::replace_mbus(const SideDevice& device, UtcSeconds at) {
  const ResourceMeter& before = *resources_[device.meter];
  const auto number = static_cast<std::uint32_t>(resources_.size());
  resources_.push_back(
      std::make_unique<ResourceMeter>(town_, before.commodity(), before.home(), number, true));
  meters_[device.carrier]->attach(device.channel, resources_.back().get(), at);
  return *resources_.back();
}

void SideMeters::add_resource(MeterProtocol protocol, Commodity commodity, std::uint32_t home,
                              std::uint32_t carrier, std::uint16_t port,
                              store::MasterData& master) {
  const auto number = static_cast<std::uint32_t>(resources_.size());
  const bool wired = protocol != MeterProtocol::kWmbus;
  resources_.push_back(std::make_unique<ResourceMeter>(town_, commodity, home, number, wired));
  const ResourceMeter& meter = *resources_.back();
  Device d;
  d.id = DeviceId(static_cast<std::uint32_t>(master.devices.size()) + 1);
  d.serial = meter.serial();
  d.manufacturer = meter.make().flag;
  d.model = meter.make().name;
  d.firmware = fmt::format("{}", meter.make().version);
  d.protocol = to_string(protocol);
  d.service_point = ServicePointId(home + 1);
  d.interval_s = town_->book->interval_s();
  d.commissioned = town_->born;
  d.commodity = commodity;
  if (protocol == MeterProtocol::kWmbus) {
    d.address = "wmbus:";
    d.segment = fmt::format("W{:04}", carrier + 1);
  } else if (protocol == MeterProtocol::kDlmsMbus) {
    d.address = "dlms-mbus:";  // read through the electricity meter
    d.segment = master.devices[home].segment;
    d.interval_s = kMbusCaptureSeconds;
  } else if (protocol == MeterProtocol::kMbus) {
    const mbus::Address a = meter.address();
    const std::string host = gateway_host(carrier);
    buses_[host].push_back(resources_.back().get());
    d.address = fmt::format("mbus+tcp://{}:{}?secondary={:08X}{:04X}{:02X}{:02X}", host, port, a.id,
                            a.manufacturer, a.version, a.type);
    d.segment = fmt::format("B{:04}", carrier + 1);
  }
  devices_.push_back({d.id, protocol, number, carrier});
  master.devices.push_back(std::move(d));
}

std::vector<SideKey> SideMeters::keys() const {
  std::vector<SideKey> keys;
  for (const SideDevice& d : devices_) {
    if (d.protocol == MeterProtocol::kC1222) {
      keys.push_back(
          {d.device, d.protocol, device_key(town_->seed, kC12KeyPurpose, d.meter), kC12KeyId});
    } else if (d.protocol == MeterProtocol::kWmbus) {
      keys.push_back({d.device, d.protocol, resources_[d.meter]->key(), 0});
    }
  }
  return keys;
}

std::unique_ptr<Conversation> SideMeters::converse(const std::string& host, Instant now) {
  if (const auto at = c12_.find(host); at != c12_.end()) {
    if (!at->second->meter().powered()) return nullptr;
    return std::make_unique<C12Conversation>(*at->second);
  }
  if (const auto at = iec_.find(host); at != iec_.end()) {
    if (!at->second->meter().powered()) return nullptr;
    return std::make_unique<IecConversation>(*at->second);
  }
  if (const auto at = telegrams_.find(host); at != telegrams_.end()) {
    const auto& [kind, meter] = at->second;
    if (!meter->powered()) return nullptr;
    return std::make_unique<TelegramConversation>(kind, *meter, town_->book->zone(), now);
  }
  if (const auto at = modbus_.find(host); at != modbus_.end()) {
    const auto& [transport, meter] = at->second;
    if (!meter->meter().powered()) return nullptr;
    return std::make_unique<ModbusConversation>(*meter, transport, kModbusUnit);
  }
  if (const auto at = buses_.find(host); at != buses_.end())
    return std::make_unique<BusConversation>(at->second);
  return nullptr;
}

std::vector<std::string> SideMeters::hosts() const {
  std::vector<std::string> hosts;
  const auto add = [&hosts](const auto& by_host) {
    for (const auto& [host, what] : by_host) hosts.push_back(host);
  };
  add(c12_);
  add(iec_);
  add(telegrams_);
  add(buses_);
  add(modbus_);
  std::ranges::sort(hosts);
  return hosts;
}

}  // namespace amity::world
