#include "wire/obis/quantity.h"

#include <array>

namespace amity::obis {
namespace {

constexpr std::uint8_t kWatt = 27, kVoltAmpere = 28, kVar = 29, kWattHour = 30,
                       kVoltAmpereHour = 31, kVarHour = 32, kAmpere = 33, kVolt = 35, kHertz = 44,
                       kNoUnit = 255;
constexpr std::uint8_t kTotal = 8, kInstantaneous = 7, kMaximum = 6, kLastAverage = 5, kAverage = 4;

// Words of the sum and of L1 to L3.
using Phases = std::array<std::string_view, 4>;
#define AMITY_PHASES(words) \
  { words, words " L1", words " L2", words " L3" }

constexpr Phases kCurrent = AMITY_PHASES("current"), kVoltage = AMITY_PHASES("voltage"),
                 kPowerFactor = AMITY_PHASES("power factor"),
                 kFrequency = AMITY_PHASES("frequency");

struct PowerKind {
  Phases energy, power;
  std::uint8_t power_unit, energy_unit;
};
#define AMITY_POWER(what, direction, power_unit, energy_unit)                                    \
  {                                                                                              \
    AMITY_PHASES(what " energy " direction), AMITY_PHASES(what " power " direction), power_unit, \
        energy_unit                                                                              \
  }

// Group C, 1 to 10, of the sum; 21 to 30, 41 to 50, 61 to 70 of L1 to L3.
constexpr PowerKind kPowerKinds[] = {
    AMITY_POWER("active", "import", kWatt, kWattHour),
    AMITY_POWER("active", "export", kWatt, kWattHour),
    AMITY_POWER("reactive", "import", kVar, kVarHour),
    AMITY_POWER("reactive", "export", kVar, kVarHour),
    AMITY_POWER("reactive", "QI", kVar, kVarHour),
    AMITY_POWER("reactive", "QII", kVar, kVarHour),
    AMITY_POWER("reactive", "QIII", kVar, kVarHour),
    AMITY_POWER("reactive", "QIV", kVar, kVarHour),
    AMITY_POWER("apparent", "import", kVoltAmpere, kVoltAmpereHour),
    AMITY_POWER("apparent", "export", kVoltAmpere, kVoltAmpereHour),
};
// Group C, 15 and 16: |+A| + |-A| and |+A| - |-A|.
constexpr PowerKind kAbsolute = AMITY_POWER("active", "absolute", kWatt, kWattHour),
                    kNet = AMITY_POWER("active", "net", kWatt, kWattHour);
#undef AMITY_POWER
#undef AMITY_PHASES

std::string_view kind_of(std::uint8_t d) {
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

const PowerKind* power_kind(std::uint8_t c) {
  if (c <= std::size(kPowerKinds)) return &kPowerKinds[c - 1];
  if (c == 15) return &kAbsolute;
  return c == 16 ? &kNet : nullptr;
}

Quantity electricity(const Obis& obis) {
  const std::uint8_t c = obis.c();
  const std::string_view kind = kind_of(obis.d());
  if (c == 91) return {"current N", kAmpere, kind};
  if (c < 1 || c >= 80) return {"", kNoUnit, kind};
  const std::size_t phase = c <= 20 ? 0 : (c - 1u) / 20;
  const auto base = static_cast<std::uint8_t>((c - 1) % 20 + 1);
  switch (base) {
    case 11:
      return {kCurrent[phase], kAmpere, kind};
    case 12:
      return {kVoltage[phase], kVolt, kind};
    case 13:
      return {kPowerFactor[phase], kNoUnit, kind};
    case 14:
      return {kFrequency[phase], kHertz, kind};
    default:
      break;
  }
  const PowerKind* p = power_kind(base);
  if (p == nullptr || kind.empty()) return {"", kNoUnit, kind};
  if (is_energy(obis.d())) return {p->energy[phase], p->energy_unit, kind};
  return {p->power[phase], p->power_unit, kind};
}

}  // namespace

Quantity quantity_of(const Obis& obis) {
  if (obis.a() == 1) return electricity(obis);
  if (is_clock(obis)) return {"time", kNoUnit, ""};
  return {medium_of(obis), kNoUnit, ""};
}

std::string_view medium_of(const Obis& obis) {
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

}  // namespace amity::obis
