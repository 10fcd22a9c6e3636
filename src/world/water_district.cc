// The district meter of the water mains: what the water meters behind DLMS meters count, and what
// is lost before it reaches them.
#include <fmt/format.h>

#include "world/side_meters.h"

namespace amity::world {
namespace {

constexpr std::uint32_t kLeak_l_per_step = 1;  // and meter: about a fifth of what is supplied
constexpr std::uint8_t kHostChannel = 1;

// Before it is read for the first time, so that sums can name it.
Channel volume_of(const Device& device, std::uint8_t mbus_channel) {
  Channel c;
  c.id = ChannelId((device.id.value - 1) * kChannelsPerMeter + 1);
  c.device = device.id;
  c.kind = ChannelKind::kRegister;
  c.name = "volume";
  c.source = fmt::format("0-{}:24.2.1", mbus_channel);
  c.unit = Unit::kCubicMetre;
  c.exponent = -3;
  return c;
}

}  // namespace

std::optional<DistrictMeter> SideMeters::add_district(VirtualMeter& host, DeviceId host_device,
                                                      store::MasterData& master) {
  DistrictMeter out;
  WaterDistrict district;
  for (const SideDevice& d : devices_) {
    const bool behind = d.protocol == MeterProtocol::kDlmsMbus;
    if (!behind || resources_[d.meter]->commodity() != Commodity::kWater) continue;
    district.homes.push_back(resources_[d.meter]->home());
    out.beneath.push_back(resources_[d.meter]->serial());
    master.channels.push_back(volume_of(master.devices[d.device.value - 1], d.channel));
  }
  if (district.homes.empty()) return std::nullopt;
  district.leak_l_per_step = kLeak_l_per_step * static_cast<std::uint32_t>(district.homes.size());
  const auto number = static_cast<std::uint32_t>(resources_.size());
  resources_.push_back(std::make_unique<ResourceMeter>(town_, number, std::move(district)));
  out.meter = resources_.back().get();
  out.name = "Water district 1";
  out.serial = out.meter->serial();
  host.attach(kHostChannel, out.meter, town_->born);

  Device& read_by = master.devices[host_device.value - 1];
  read_by.model += kMbusVariant;
  ServicePoint point = master.service_points[read_by.service_point.value - 1];
  point.id = ServicePointId(static_cast<std::uint32_t>(master.service_points.size()) + 1);
  point.name = out.name;
  point.address = "Pumping station";
  Device d;
  d.id = DeviceId(static_cast<std::uint32_t>(master.devices.size()) + 1);
  d.serial = out.serial;
  d.manufacturer = out.meter->make().flag;
  d.model = out.meter->make().name;
  d.firmware = fmt::format("{}", out.meter->make().version);
  d.protocol = to_string(MeterProtocol::kDlmsMbus);
  d.address = "dlms-mbus:";
  d.segment = read_by.segment;
  d.service_point = point.id;
  d.interval_s = kMbusCaptureSeconds;
  d.commissioned = town_->born;
  d.commodity = Commodity::kWater;
  master.channels.push_back(volume_of(d, kHostChannel));
  master.service_points.push_back(std::move(point));
  master.devices.push_back(std::move(d));
  return out;
}

}  // namespace amity::world
