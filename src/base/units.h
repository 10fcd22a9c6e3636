// Units of measure, numbered as in IEC 62056-6-2 clause 4.3.2 (DLMS unit enumeration), so that no table maps them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace amity {

enum class Unit : std::uint8_t {
  kNone = 255,
  kDegree = 8,
  kCelsius = 9,
  kCubicMetre = 13,
  kCubicMetrePerHour = 15,
  kLitre = 19,
  kKilogram = 20,
  kPascal = 23,
  kBar = 24,
  kJoule = 25,
  kWatt = 27,
  kVoltAmpere = 28,
  kVar = 29,
  kWattHour = 30,
  kVoltAmpereHour = 31,
  kVarHour = 32,
  kAmpere = 33,
  kVolt = 35,
  kHertz = 44,
  kKelvin = 52,
  kPercent = 56,
  kSecond = 7,
  kMinute = 6,
  kHour = 5,
  kDay = 4,
  kCount = 254,  // dimensionless count (DLMS 255 = no unit; 254 = other)
};

// "Wh", "m3", "degC", ...; "" where there is none.
std::string_view symbol(Unit unit);
// The unit of a symbol; kNone for "", nothing for a symbol that is not of these.
std::optional<Unit> unit_from(std::string_view symbol);
// Any DLMS unit code; "" where unknown.
std::string_view dlms_unit_symbol(std::uint8_t code);

}  // namespace amity
