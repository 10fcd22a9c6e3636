#include "wire/decode/quantity.h"

namespace amity::decode {
namespace {

using dlms::Obis;

constexpr std::uint8_t kWatt = 27, kVoltAmpere = 28, kVar = 29, kWattHour = 30,
                       kVoltAmpereHour = 31, kVarHour = 32, kAmpere = 33, kVolt = 35, kHertz = 44;
constexpr std::uint8_t kTotal = 8, kInstantaneous = 7, kMaximum = 6, kLastAverage = 5, kAverage = 4;

std::string kind_of(std::uint8_t d) {
  switch (d) {
    case kTotal:
      return "total";
    case 9:
      return "period";
    case 29:
      return "interval";
    case kInstantaneous:
      return "instantaneous";
    case kMaximum:
      return "maximum";
    case 3:
      return "minimum";
    case kLastAverage:
    case 25:
    case 27:
      return "last average";
    case kAverage:
    case 24:
      return "average";
    default:
      return "";
  }
}

bool is_energy(std::uint8_t d) {
  return d == kTotal || d == 9 || d == 29;
}

struct PowerKind {
  const char* what;
  const char* direction;
  std::uint8_t power_unit, energy_unit;
};

// Group C, 1 to 10, of the sum; 21 to 30, 41 to 50, 61 to 70 of L1 to L3.
PowerKind power_kind(std::uint8_t c) {
  switch (c) {
    case 1:
      return {"active", "import", kWatt, kWattHour};
    case 2:
      return {"active", "export", kWatt, kWattHour};
    case 3:
      return {"reactive", "import", kVar, kVarHour};
    case 4:
      return {"reactive", "export", kVar, kVarHour};
    case 5:
      return {"reactive", "QI", kVar, kVarHour};
    case 6:
      return {"reactive", "QII", kVar, kVarHour};
    case 7:
      return {"reactive", "QIII", kVar, kVarHour};
    case 8:
      return {"reactive", "QIV", kVar, kVarHour};
    case 9:
      return {"apparent", "import", kVoltAmpere, kVoltAmpereHour};
    case 10:
      return {"apparent", "export", kVoltAmpere, kVoltAmpereHour};
    default:
      return {nullptr, nullptr, 255, 255};
  }
}

Quantity electricity(const Obis& obis) {
  const std::uint8_t c = obis.c();
  if (c < 1 || c > 80 || c == 80) {
    if (c == 91) return {"current N", kAmpere, kind_of(obis.d())};
    return {"", 255, kind_of(obis.d())};
  }
  const int phase = c <= 20 ? 0 : (c - 1) / 20;
  const auto base = static_cast<std::uint8_t>((c - 1) % 20 + 1);
  const std::string suffix = phase == 0 ? "" : " L" + std::to_string(phase);
  const std::string kind = kind_of(obis.d());
  switch (base) {
    case 11:
      return {"current" + suffix, kAmpere, kind};
    case 12:
      return {"voltage" + suffix, kVolt, kind};
    case 13:
      return {"power factor" + suffix, 255, kind};
    case 14:
      return {"frequency" + suffix, kHertz, kind};
    default:
      break;
  }
  const PowerKind p = power_kind(base);
  if (p.what == nullptr || kind.empty()) return {"", 255, kind};
  const bool energy = is_energy(obis.d());
  return {std::string(p.what) + (energy ? " energy " : " power ") + p.direction + suffix,
          energy ? p.energy_unit : p.power_unit, kind};
}

}  // namespace

Quantity quantity_of(const Obis& obis) {
  if (is_clock(obis)) return {"time", 255, ""};
  if (obis.a() == 1) return electricity(obis);
  const std::string medium = medium_of(obis);
  if (medium.empty()) return {};
  return {medium, 255, ""};
}

std::string medium_of(const Obis& obis) {
  switch (obis.a()) {
    case 1:
      return "electricity";
    case 4:
      return "heat cost";
    case 5:
      return "cooling";
    case 6:
      return "heat";
    case 7:
      return "gas";
    case 8:
      return "water";
    case 9:
      return "hot water";
    default:
      return "";
  }
}

bool is_clock(const Obis& obis) {
  return obis.a() == 0 && obis.c() == 1 && obis.d() == 0 && obis.e() == 0;
}

bool is_meter_id(const Obis& obis) {
  if (obis.a() == 0 && obis.c() == 96 && obis.d() == 1 && obis.e() == 0) return true;
  return obis.a() == 1 && obis.c() == 0 && obis.d() == 0 && (obis.e() <= 1 || obis.e() == 5);
}

bool is_meter_model(const Obis& obis) {
  return obis.a() == 0 && obis.c() == 96 && obis.d() == 1 && obis.e() == 7;
}

bool is_logical_device_name(const Obis& obis) {
  return obis.a() == 0 && obis.c() == 42 && obis.d() == 0 && obis.e() == 0;
}

bool is_event_code(const Obis& obis) {
  if (obis.a() != 0) return false;
  if (obis.c() == 97 && obis.d() == 97) return true;
  if (obis.c() == 97 && obis.d() == 98)
    return obis.e() < 10;  // 10 and above are filters and descriptors
  return obis.c() == 96 && obis.d() == 11;
}

}  // namespace amity::decode
