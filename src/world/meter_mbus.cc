#include "world/meter_mbus.h"

#include <algorithm>

#include "base/units.h"
#include "wire/dlms/mbus_client.h"
#include "world/limits.h"
#include "world/meter_profiles.h"
#include "world/resource_meter.h"

namespace amity::world {

using Access = dlms::DataAccessResult;
using Attribute = dlms::MbusClientAttribute;

namespace {

constexpr std::uint8_t kInt32Field = 0x04, kLitres = 0x13, kWattHours = 0x03;  // DIF, VIFs

bool is_heat(const ResourceMeter& device) {
  return device.commodity() == Commodity::kHeat;
}

}  // namespace

Access MeterMbus::get(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const {
  return spec.kind == ObjectKind::kMbusClient ? client(spec.detail, attribute, out)
                                              : value(spec.detail, attribute, out);
}

Access MeterMbus::client(std::uint8_t channel, std::int8_t attribute, Bytes& out) const {
  const ResourceMeter* device = m_.mbus_device(channel);
  const mbus::Address address = device != nullptr ? device->address() : mbus::Address{};
  dlms::DataWriter writer(out);
  switch (static_cast<Attribute>(attribute)) {
    case Attribute::kPortReference:
      writer.octet_string(dlms::Obis(0, 0, 24, 6, 0, 255));
      break;
    case Attribute::kCaptureDefinition: {
      std::vector<dlms::MbusCapture> captures;
      if (device != nullptr) {
        captures.resize(1);
        captures[0].data_information.push_back(kInt32Field);
        captures[0].value_information.push_back(is_heat(*device) ? kWattHours : kLitres);
      }
      append(out, dlms::encode_captures(captures));
      break;
    }
    case Attribute::kCapturePeriod:
      writer.uint32(kMbusCaptureSeconds);
      break;
    case Attribute::kPrimaryAddress:
      writer.uint8(device != nullptr ? channel : 0);
      break;
    case Attribute::kIdentificationNumber:
      writer.uint32(device != nullptr ? address.id : 0);
      break;
    case Attribute::kManufacturerId:
      writer.uint16(device != nullptr ? address.manufacturer : 0);
      break;
    case Attribute::kVersion:
      writer.uint8(device != nullptr ? address.version : 0);
      break;
    case Attribute::kDeviceType:
      writer.uint8(device != nullptr ? address.type : 0);
      break;
    case Attribute::kAccessNumber:
    case Attribute::kStatus:
    case Attribute::kAlarm:
      writer.uint8(0);
      break;
    default:
      return Access::kObjectUndefined;
  }
  return Access::kSuccess;
}

Access MeterMbus::value(std::uint8_t channel, std::int8_t attribute, Bytes& out) const {
  const ResourceMeter* device = m_.mbus_device(channel);
  dlms::DataWriter writer(out);
  if (attribute == 3) {
    const bool volume = device != nullptr && !is_heat(*device);
    writer.structure(2);
    writer.int8(volume ? -3 : 0);
    writer.enumeration(static_cast<std::uint8_t>(device == nullptr ? Unit::kNone
                                                 : volume          ? Unit::kCubicMetre
                                                                   : Unit::kWattHour));
    return Access::kSuccess;
  }
  if (attribute == 4) {
    writer.uint8(0);
    return Access::kSuccess;
  }
  const auto row = newest(channel);
  if (!row) {
    out.push_back(0);  // null-data: nothing captured yet
  } else if (attribute == 2) {
    writer.uint32(static_cast<std::uint32_t>(row->value));
  } else {
    StampWriter(m_.model_->stamps, m_.town_->book->zone()).write(row->stamp, out);
  }
  return Access::kSuccess;
}

std::optional<MbusRow> MeterMbus::newest(std::uint8_t channel) const {
  const UtcSeconds now = m_.meter_time();
  const auto today = rows(channel, now - 86'400, now);
  return today.empty() ? std::nullopt : std::optional(today.back());
}

std::vector<MbusRow> MeterMbus::rows(std::uint8_t channel, UtcSeconds after,
                                     UtcSeconds until) const {
  std::vector<MbusRow> out;
  const ResourceMeter* device = m_.mbus_device(channel);
  if (device == nullptr) return out;
  const UtcSeconds now = m_.true_now(), shown = m_.meter_time();
  after = std::max({after, m_.mbus_since(channel), m_.town_->born, now - kProfileDays * 86'400});
  until = std::min(until, shown);
  const std::int64_t step = kMbusCaptureSeconds;
  for (std::int64_t s = (after.value / step + 1) * step; s <= until.value; s += step) {
    const auto end = m_.clock_.true_end(UtcSeconds(s));
    if (!end || *end > now || !m_.town_->book->powered(m_.index_, *end)) continue;
    out.push_back({UtcSeconds(s), device->register_at(*end)});
  }
  return out;
}

}  // namespace amity::world
