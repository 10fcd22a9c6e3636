#include "world/meter_values.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/units.h"

#include "world/limits.h"
#include "world/meter_mbus.h"
#include "world/meter_profiles.h"

namespace amity::world {

using Access = dlms::DataAccessResult;
using dlms::DataWriter;

namespace {

void scaler_unit(DataWriter& out, int scaler, Unit unit) {
  out.structure(2);
  out.int8(static_cast<std::int8_t>(scaler));
  out.enumeration(static_cast<std::uint8_t>(unit));
}

std::int64_t pick(const Totals& t, Quantity quantity) {
  switch (quantity) {
    case Quantity::kImport: return t.import_wh;
    case Quantity::kExport: return t.export_wh;
    case Quantity::kReactiveImport: return t.reactive_import_varh;
    case Quantity::kReactiveExport: return t.reactive_export_varh;
  }
  return 0;
}

bool is_reactive(std::uint8_t detail) { return detail >= static_cast<std::uint8_t>(Quantity::kReactiveImport); }

std::uint32_t watts(std::uint32_t wh, std::uint32_t interval_s) { return wh * 3'600 / interval_s; }

}  // namespace

std::uint32_t setting_key(const ObjectSpec& spec, std::int8_t attribute) {
  return static_cast<std::uint32_t>(spec.kind) << 16 | std::uint32_t{spec.detail} << 8 |
         static_cast<std::uint8_t>(attribute);
}

const Bytes* MeterValues::setting(const ObjectSpec& spec, std::int8_t attribute) const {
  if (!m_.extras_) return nullptr;
  const auto& settings = m_.extras_->settings;
  const auto found = std::ranges::find(settings, setting_key(spec, attribute), &std::pair<std::uint32_t, Bytes>::first);
  return found == settings.end() ? nullptr : &found->second;
}

Interval MeterValues::last_interval() const {
  const std::int64_t length = m_.town_->book->interval_s();
  const UtcSeconds end(m_.true_now().value / length * length);
  return end > m_.town_->born ? m_.interval_ending(end) : Interval{};
}

Interval MeterValues::current_interval(UtcSeconds& end) const {
  const std::int64_t length = m_.town_->book->interval_s();
  end = UtcSeconds((m_.true_now().value / length + 1) * length);
  return m_.interval_ending(end);
}

Access MeterValues::get(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const {
  if (attribute < 1 || attribute > spec.attributes) return Access::kObjectUndefined;
  if (attribute == 1) {
    DataWriter(out).octet_string(spec.obis);
    return Access::kSuccess;
  }
  if (is_mbus(spec.kind)) return MeterMbus(m_).get(spec, attribute, out);
  switch (spec.class_id) {
    case 1: return data(spec, attribute, out);
    case 3: return registers(spec, attribute, out);
    case 4: return maximum_demand(attribute, out);
    case 5: return demand(attribute, out);
    case 8: return clock(attribute, out);
    case 17: return sap(attribute, out);
    case 18: return image(attribute, out);
    case 20: return calendar(spec, attribute, out);
    case 40: return push_setup(spec, attribute, out);
    case 62: return compact(attribute, out);
    case 64: return security(attribute, out);
    case 70: return disconnector(attribute, out);
    case 71: return limiter(attribute, out);
    default: return Access::kObjectUndefined;
  }
}

Access MeterValues::data(const ObjectSpec& spec, std::int8_t, Bytes& out) const {
  DataWriter writer(out);
  switch (spec.kind) {
    case ObjectKind::kDeviceName: {
      std::string name = std::string(m_.model_->flag) + m_.serial();
      name.resize(16, '0');
      writer.octet_string(as_bytes(name));
      break;
    }
    case ObjectKind::kSerial: writer.octet_string(as_bytes(m_.serial())); break;
    case ObjectKind::kFirmware: writer.octet_string(as_bytes(m_.model_->firmware)); break;
    case ObjectKind::kInvocationCounter:
      writer.uint32(static_cast<std::uint32_t>(std::max<std::int64_t>(0, m_.counters().peer_mark())));
      break;
    case ObjectKind::kProfileStatus: writer.uint8(last_interval().status); break;
    case ObjectKind::kEventCode: {
      const auto entries = m_.log(spec.detail, UtcSeconds(0), UtcSeconds(INT64_MAX / 4));
      writer.uint8(entries.empty() ? 0 : entries.back().code);
      break;
    }
    case ObjectKind::kAlarmRegister: writer.uint32(m_.extras_ ? m_.extras_->alarms : 0); break;
    default: return Access::kObjectUndefined;
  }
  return Access::kSuccess;
}

Access MeterValues::registers(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const {
  DataWriter writer(out);
  if (spec.kind == ObjectKind::kEnergy || spec.kind == ObjectKind::kLastInterval) {
    const auto quantity = static_cast<Quantity>(spec.detail);
    if (attribute == 3) {
      scaler_unit(writer, 0, is_reactive(spec.detail) ? Unit::kVarHour : Unit::kWattHour);
      return Access::kSuccess;
    }
    Totals sum;
    if (spec.kind == ObjectKind::kEnergy) {
      sum = m_.totals_at(m_.true_now());
      writer.uint32(static_cast<std::uint32_t>(pick(m_.register_offset(), quantity) + pick(sum, quantity)));
    } else {
      sum.add(last_interval());
      writer.uint32(static_cast<std::uint32_t>(pick(sum, quantity)));
    }
    return Access::kSuccess;
  }
  const auto what = static_cast<Instant3>(spec.detail);
  if (attribute == 3) {
    const bool volts = what == Instant3::kVoltage || what == Instant3::kMeanVoltage;
    scaler_unit(writer, volts ? -1 : what == Instant3::kCurrent ? -2 : 0,
                volts ? Unit::kVolt : what == Instant3::kCurrent ? Unit::kAmpere : Unit::kWatt);
    return Access::kSuccess;
  }
  UtcSeconds end;
  const Interval now = current_interval(end);
  const std::uint32_t interval_s = m_.town_->book->interval_s();
  const std::uint32_t in_w = watts(now.import_wh, interval_s), out_w = watts(now.export_wh, interval_s);
  switch (what) {
    case Instant3::kPowerImport: writer.uint32(in_w); break;
    case Instant3::kPowerExport: writer.uint32(out_w); break;
    case Instant3::kVoltage: writer.uint16(now.voltage_dv); break;
    case Instant3::kMeanVoltage: writer.uint16(last_interval().voltage_dv); break;
    case Instant3::kCurrent: {
      const std::uint32_t centi_a = now.voltage_dv == 0 ? 0 : std::max(in_w, out_w) * 1'000 / now.voltage_dv;
      writer.uint16(static_cast<std::uint16_t>(std::min<std::uint32_t>(centi_a, 0xFFFF)));
      break;
    }
  }
  return Access::kSuccess;
}

Access MeterValues::maximum_demand(std::int8_t attribute, Bytes& out) const {
  DataWriter writer(out);
  if (attribute == 3) {
    scaler_unit(writer, 0, Unit::kWatt);
    return Access::kSuccess;
  }
  if (attribute == 4) {
    writer.uint8(0);
    return Access::kSuccess;
  }
  const UtcSeconds midnight = m_.town_->book->zone().start_of_day(m_.meter_time());
  std::uint32_t highest_wh = 0;
  UtcSeconds at = midnight;
  MeterProfiles(m_).each_row(midnight, m_.meter_time(), [&](UtcSeconds stamp, const Interval& row) {
    if (row.import_wh <= highest_wh) return;
    highest_wh = row.import_wh;
    at = stamp;
  });
  if (attribute == 2) {
    writer.uint32(watts(highest_wh, m_.town_->book->interval_s()));
  } else {
    StampWriter(m_.model_->stamps, m_.town_->book->zone()).write(at, out);
  }
  return Access::kSuccess;
}

Access MeterValues::demand(std::int8_t attribute, Bytes& out) const {
  DataWriter writer(out);
  const std::uint32_t interval_s = m_.town_->book->interval_s();
  UtcSeconds end;
  const Interval now = current_interval(end);
  StampWriter stamps(m_.model_->stamps, m_.town_->book->zone());
  switch (attribute) {
    case 2: writer.uint32(watts(now.import_wh, interval_s)); break;
    case 3: writer.uint32(watts(last_interval().import_wh, interval_s)); break;
    case 4: scaler_unit(writer, 0, Unit::kWatt); break;
    case 5: writer.uint8(0); break;
    case 6: stamps.write(end - interval_s, out); break;  // of the last average
    case 7: stamps.write(end - interval_s, out); break;  // start of the period under way
    case 8: writer.uint32(interval_s); break;
    case 9: writer.uint16(1); break;
    default: return Access::kObjectUndefined;
  }
  return Access::kSuccess;
}

Access MeterValues::clock(std::int8_t attribute, Bytes& out) const {
  DataWriter writer(out);
  const TimeZone& zone = m_.town_->book->zone();
  StampWriter stamps(m_.model_->stamps, zone);
  const bool local = m_.model_->stamps != RowStamps::kUtc;
  const CivilTime here = zone.local(m_.meter_time());
  const int standard_s = here.utc_offset_s - (here.daylight_saving ? 3'600 : 0);
  switch (attribute) {
    case 2: stamps.write(m_.meter_time(), out); break;
    case 3: writer.int16(static_cast<std::int16_t>(local ? -standard_s / 60 : 0)); break;
    case 4: writer.uint8(local && here.daylight_saving ? dlms::kClockDaylightSaving : 0); break;
    case 5:  // first Sunday of October, 02:00
      writer.octet_string(dlms::DateTime{{dlms::kAnyYear, 10, 1, 7}, {2, 0, 0, 0}, dlms::kAnyDeviation, 0});
      break;
    case 6:  // first Sunday of April, 03:00
      writer.octet_string(dlms::DateTime{{dlms::kAnyYear, 4, 1, 7}, {3, 0, 0, 0}, dlms::kAnyDeviation, 0});
      break;
    case 7: writer.int8(60); break;
    case 8: writer.boolean(local); break;
    case 9: writer.enumeration(1); break;  // internal crystal
    default: return Access::kObjectUndefined;
  }
  return Access::kSuccess;
}

Access MeterValues::sap(std::int8_t, Bytes& out) const {
  DataWriter writer(out);
  writer.array(1);
  writer.structure(2);
  writer.uint16(1);
  std::string name = std::string(m_.model_->flag) + m_.serial();
  name.resize(16, '0');
  writer.octet_string(as_bytes(name));
  return Access::kSuccess;
}

Access MeterValues::image(std::int8_t attribute, Bytes& out) const {
  DataWriter writer(out);
  static const VirtualMeter::Extras kNone;
  const VirtualMeter::Extras& e = m_.extras_ ? *m_.extras_ : kNone;
  const std::size_t blocks = (e.image.size() + kImageBlockBytes - 1) / kImageBlockBytes;
  const auto has = [&](std::size_t b) { return (e.image_blocks[b / 8] >> (7 - b % 8) & 1) != 0; };
  switch (attribute) {
    case 2: writer.uint32(kImageBlockBytes); break;
    case 3: writer.bit_string(e.image_blocks, blocks); break;
    case 4: {
      std::uint32_t first = 0;
      while (first < blocks && has(first)) ++first;
      writer.uint32(first);
      break;
    }
    case 5: writer.boolean(e.image_enabled); break;
    case 6: writer.enumeration(e.image_status); break;
    case 7:
      writer.array(e.image_status >= 3 ? 1 : 0);
      if (e.image_status >= 3) {
        writer.structure(3);
        writer.uint32(static_cast<std::uint32_t>(e.image.size()));
        writer.octet_string(e.image_name);
        writer.octet_string(crypto::sha256(e.image));
      }
      break;
    default: return Access::kObjectUndefined;
  }
  return Access::kSuccess;
}

// Until somebody writes another: one season, one week, one day with one tariff.
Access MeterValues::calendar(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const {
  if (const Bytes* kept = setting(spec, attribute)) {
    append(out, *kept);
    return Access::kSuccess;
  }
  DataWriter writer(out);
  switch (attribute) {
    case 2: case 6: writer.octet_string(as_bytes("STD001")); break;
    case 3: case 7:
      writer.array(1);
      writer.structure(3);
      writer.octet_string(as_bytes("ALL"));
      writer.octet_string(dlms::DateTime{{dlms::kAnyYear, 1, 1, dlms::kAny}, {0, 0, 0, 0}, dlms::kAnyDeviation, 0});
      writer.octet_string(as_bytes("W1"));
      break;
    case 4: case 8:
      writer.array(1);
      writer.structure(8);
      writer.octet_string(as_bytes("W1"));
      for (int day = 0; day < 7; ++day) writer.uint8(1);
      break;
    case 5: case 9:
      writer.array(1);
      writer.structure(2);
      writer.uint8(1);
      writer.array(1);
      writer.structure(3);
      writer.octet_string(dlms::Time{0, 0, 0, 0});
      writer.octet_string(dlms::Obis(0, 0, 10, 0, 100, 255));
      writer.uint16(1);
      break;
    case 10: writer.octet_string(dlms::DateTime{}); break;  // never
    default: return Access::kObjectUndefined;
  }
  return Access::kSuccess;
}

Access MeterValues::push_setup(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const {
  if (const Bytes* kept = setting(spec, attribute)) {
    append(out, *kept);
    return Access::kSuccess;
  }
  DataWriter writer(out);
  const auto object = [&](std::uint16_t class_id, const dlms::Obis& obis, std::int8_t index) {
    writer.structure(4);
    writer.uint16(class_id);
    writer.octet_string(obis);
    writer.int8(index);
    writer.uint16(0);
  };
  switch (attribute) {
    case 2:
      writer.array(spec.detail == 0 ? 3 : 4);
      object(40, spec.obis, 1);
      object(1, dlms::Obis(0, 0, 96, 1, 0, 255), 2);
      if (spec.detail == 0) {
        object(7, kLoadProfileObis, 2);
      } else {
        object(7, dlms::Obis(0, 0, 99, 98, 0, 255), 2);
        object(7, dlms::Obis(0, 0, 99, 98, 1, 255), 2);
      }
      break;
    case 3:
      writer.structure(3);
      writer.enumeration(0);  // TCP
      writer.octet_string(ByteView());
      writer.enumeration(0);  // A-XDR encoded xDLMS APDU
      break;
    case 4: writer.array(0); break;
    case 5: writer.uint16(300); break;
    case 6: writer.uint8(2); break;
    case 7: writer.uint16(60); break;
    default: return Access::kObjectUndefined;
  }
  return Access::kSuccess;
}

Access MeterValues::security(std::int8_t attribute, Bytes& out) const {
  DataWriter writer(out);
  switch (attribute) {
    case 2: writer.enumeration(3); break;  // everything authenticated and encrypted (version 0 of the class)
    case 3: writer.enumeration(0); break;  // suite 0
    case 4: writer.octet_string(headend_title(m_.town_->seed)); break;
    case 5: writer.octet_string(m_.keys().title); break;
    default: return Access::kObjectUndefined;
  }
  return Access::kSuccess;
}

Access MeterValues::disconnector(std::int8_t attribute, Bytes& out) const {
  DataWriter writer(out);
  switch (attribute) {
    case 2: writer.boolean(m_.connected_); break;
    case 3: writer.enumeration(m_.connected_ ? 1 : 0); break;
    case 4: writer.enumeration(m_.control_mode_); break;
    default: return Access::kObjectUndefined;
  }
  return Access::kSuccess;
}

Access MeterValues::limiter(std::int8_t attribute, Bytes& out) const {
  DataWriter writer(out);
  const std::uint32_t limit_w = m_.extras_ ? m_.extras_->limiter_w : 0;
  switch (attribute) {
    case 2:
      writer.structure(3);
      writer.uint16(3);
      writer.octet_string(dlms::Obis(1, 0, 1, 7, 0, 255));
      writer.int8(2);
      break;
    case 3: case 4: writer.uint32(limit_w); break;  // active = normal threshold; 0: no limit
    case 5: writer.uint32(0); break;
    case 6: writer.uint32(m_.extras_ ? m_.extras_->limiter_over_s : 60); break;
    case 7: writer.uint32(0); break;
    case 8:
      writer.structure(3);
      writer.uint16(0);
      writer.octet_string(dlms::DateTime{});
      writer.uint32(0);
      break;
    case 9: writer.array(0); break;
    case 10: writer.boolean(false); break;
    case 11:
      writer.structure(2);
      for (int side = 0; side < 2; ++side) {
        writer.structure(2);
        writer.octet_string(dlms::Obis(0, 0, 10, 0, 106, 255));
        writer.uint16(side == 0 ? 1 : 2);
      }
      break;
    default: return Access::kObjectUndefined;
  }
  return Access::kSuccess;
}

}  // namespace amity::world
