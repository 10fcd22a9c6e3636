#include "headend/mbus_behind.h"

#include <cstdio>
#include <cstdlib>

#include "headend/event_codes.h"
#include "wire/mbus/address.h"

namespace amity::headend {

namespace {

constexpr std::string_view kProtocol = "dlms-mbus";
constexpr Unit kCorrectedCubicMetre = static_cast<Unit>(14);

std::string digits_of(const dlms::MbusSlave& slave) {
  char text[16];
  std::snprintf(text, sizeof text, "%08u", slave.identification);
  return text;
}

}  // namespace

std::string mbus_serial(const dlms::MbusSlave& slave) {
  return slave.manufacturer + digits_of(slave);
}

std::string mbus_quantity(Unit unit, const dlms::Obis& obis) {
  if (unit == Unit::kCubicMetre || unit == kCorrectedCubicMetre) return "volume";
  if (unit == Unit::kWattHour || unit == Unit::kJoule) return "energy";
  return dlms::to_reduced(obis);
}

std::string MbusRegister::name_of(std::uint8_t channel) const {
  return "headend/mbus/" + std::to_string(parent_.device.id.value) + "/" + std::to_string(channel);
}

Result<std::optional<MbusRegister::Bound>> MbusRegister::bound(std::uint8_t channel) {
  AMITY_TRY(const auto value, registry_.value(name_of(channel)));
  if (!value || value->empty()) return std::optional<Bound>();
  const std::string text(value->begin(), value->end());
  const std::size_t blank = text.find(' ');
  if (blank == text.npos)
    return make_error(ErrorCode::kMalformed, name_of(channel) + " is no pair");
  const auto id = std::strtoul(text.c_str() + blank + 1, nullptr, 10);
  return std::optional<Bound>({text.substr(0, blank), DeviceId(static_cast<std::uint32_t>(id))});
}

Result<std::optional<DeviceId>> MbusRegister::last(std::uint8_t channel) {
  AMITY_TRY(const auto known, bound(channel));
  return known ? std::optional(known->device) : std::nullopt;
}

// By letters and number; a registry that has the bare number has it of this maker or of none.
Result<Device> MbusRegister::device_of(const dlms::MbusSlave& slave, UtcSeconds since) {
  const Commodity commodity = commodity_of_medium(mbus::device_type_text(slave.device_type));
  for (const std::string& serial : {mbus_serial(slave), digits_of(slave)}) {
    AMITY_TRY(auto found, registry_.device_by_serial(serial));
    if (!found) continue;
    const bool same_maker =
        found->manufacturer.empty() || found->manufacturer == slave.manufacturer;
    if (serial != mbus_serial(slave) && !same_maker) continue;
    const bool known = found->commodity != Commodity::kUnknown;
    if (known && found->state == DeviceState::kActive) return *std::move(found);
    if (!known) found->commodity = commodity;
    found->state = DeviceState::kActive;
    AMITY_CHECK(registry_.update_device(*found));
    return *std::move(found);
  }
  store::MasterData made;
  Device& device = made.devices.emplace_back();
  device.serial = mbus_serial(slave);
  device.manufacturer = slave.manufacturer;
  device.commodity = commodity;
  device.firmware = std::to_string(slave.version);
  device.protocol = kProtocol;
  device.address = std::string(kProtocol) + ":";  // nobody calls it: its electricity meter does
  device.segment = parent_.device.segment;
  device.service_point = parent_.device.service_point;
  device.commissioned = since;
  AMITY_CHECK(registry_.add(made));
  AMITY_TRY(auto kept, registry_.device_by_serial(device.serial));
  if (!kept) return make_error(ErrorCode::kIo, device.serial + " was added and is not there");
  return *std::move(kept);
}

Status MbusRegister::end(DeviceId id) {
  AMITY_TRY(auto device, registry_.device(id));
  if (!device || device->state != DeviceState::kActive) return {};
  device->state = DeviceState::kRemoved;
  return registry_.update_device(*device);
}

Result<MbusRegister::Settled> MbusRegister::settle(const dlms::MbusSlave& slave, UtcSeconds since,
                                                   UtcSeconds now) {
  AMITY_TRY(const auto known, bound(slave.channel));
  const std::string serial = slave.installed() ? mbus_serial(slave) : std::string();
  Settled settled;
  if (known && known->serial == serial) {
    settled.device = known->device;
    return settled;
  }
  if (!known && serial.empty()) return settled;
  settled.changed = true;
  std::string value;
  if (!serial.empty()) {
    AMITY_TRY(const Device device, device_of(slave, since));
    settled.device = device.id;
    value = serial + ' ' + std::to_string(device.id.value);
  }
  if (known) {
    settled.before = known->device;
    AMITY_CHECK(end(known->device));
    const std::string what = "M-Bus channel " + std::to_string(slave.channel) + ": " +
                             known->serial +
                             (serial.empty() ? " is gone" : " is replaced by " + serial);
    std::vector<DeviceId> told = {known->device, parent_.device.id};
    if (settled.device) told.push_back(*settled.device);
    for (const DeviceId device : told)
      settled.events.push_back(headend_event(device, now, HeadEndEvent::kMeterReplaced, what));
  }
  AMITY_CHECK(registry_.put_value(name_of(slave.channel), as_bytes(value)));
  return settled;
}

}  // namespace amity::headend
