#include "exchange/unit_codes.h"

#include <string>

namespace amity::exchange {
namespace {

struct Named {
  std::string_view text;  // lower case
  UnitScale scale;
};

// Gallon: US liquid, 231 in3. Cubic foot: 0.3048^3 m3. Therm: the US one, 105,480,400 J (National
// Bureau of Standards, 1968).
constexpr UnitScale kGallon{Unit::kCubicMetre, 3'785'411'784, -12};
constexpr UnitScale kCubicFoot{Unit::kCubicMetre, 28'316'846'592, -12};
constexpr UnitScale kTherm{Unit::kJoule, 1'054'804, 2};

constexpr Named kNames[] = {
    {"wh", {Unit::kWattHour, 1, 0}},
    {"kwh", {Unit::kWattHour, 1, 3}},
    {"mwh", {Unit::kWattHour, 1, 6}},
    {"gwh", {Unit::kWattHour, 1, 9}},
    {"varh", {Unit::kVarHour, 1, 0}},
    {"kvarh", {Unit::kVarHour, 1, 3}},
    {"mvarh", {Unit::kVarHour, 1, 6}},
    {"vah", {Unit::kVoltAmpereHour, 1, 0}},
    {"kvah", {Unit::kVoltAmpereHour, 1, 3}},
    {"mvah", {Unit::kVoltAmpereHour, 1, 6}},
    {"w", {Unit::kWatt, 1, 0}},
    {"kw", {Unit::kWatt, 1, 3}},
    {"mw", {Unit::kWatt, 1, 6}},
    {"var", {Unit::kVar, 1, 0}},
    {"kvar", {Unit::kVar, 1, 3}},
    {"mvar", {Unit::kVar, 1, 6}},
    {"va", {Unit::kVoltAmpere, 1, 0}},
    {"kva", {Unit::kVoltAmpere, 1, 3}},
    {"mva", {Unit::kVoltAmpere, 1, 6}},
    {"v", {Unit::kVolt, 1, 0}},
    {"kv", {Unit::kVolt, 1, 3}},
    {"a", {Unit::kAmpere, 1, 0}},
    {"ka", {Unit::kAmpere, 1, 3}},
    {"hz", {Unit::kHertz, 1, 0}},
    {"pf", {Unit::kNone, 1, 0}},
    {"m3", {Unit::kCubicMetre, 1, 0}},
    {"l", {Unit::kLitre, 1, 0}},
    {"kl", {Unit::kCubicMetre, 1, 0}},
    {"m3/h", {Unit::kCubicMetrePerHour, 1, 0}},
    {"gal", kGallon},
    {"usgal", kGallon},
    {"kgal", {kGallon.unit, kGallon.factor, kGallon.exponent + 3}},
    {"cf", kCubicFoot},
    {"ft3", kCubicFoot},
    {"ccf", {kCubicFoot.unit, kCubicFoot.factor, kCubicFoot.exponent + 2}},
    {"mcf", {kCubicFoot.unit, kCubicFoot.factor, kCubicFoot.exponent + 3}},
    {"thm", kTherm},
    {"therm", kTherm},
    {"therms", kTherm},
    {"j", {Unit::kJoule, 1, 0}},
    {"kj", {Unit::kJoule, 1, 3}},
    {"mj", {Unit::kJoule, 1, 6}},
    {"gj", {Unit::kJoule, 1, 9}},
    {"degc", {Unit::kCelsius, 1, 0}},
    {"k", {Unit::kKelvin, 1, 0}},
    {"bar", {Unit::kBar, 1, 0}},
    {"%", {Unit::kPercent, 1, 0}},
};

struct Coded {
  int code;
  UnitScale scale;
};

constexpr Coded kCodes[] = {
    {0, {Unit::kNone, 1, 0}},
    {5, {Unit::kAmpere, 1, 0}},
    {6, {Unit::kKelvin, 1, 0}},
    {23, {Unit::kCelsius, 1, 0}},
    {29, {Unit::kVolt, 1, 0}},
    {31, {Unit::kJoule, 1, 0}},
    {33, {Unit::kHertz, 1, 0}},
    {38, {Unit::kWatt, 1, 0}},
    {42, {Unit::kCubicMetre, 1, 0}},
    {61, {Unit::kVoltAmpere, 1, 0}},
    {63, {Unit::kVar, 1, 0}},
    {71, {Unit::kVoltAmpereHour, 1, 0}},
    {72, {Unit::kWattHour, 1, 0}},
    {73, {Unit::kVarHour, 1, 0}},
    {119, kCubicFoot},
    {125, {Unit::kCubicMetrePerHour, 1, 0}},
    {128, kGallon},
    {134, {Unit::kLitre, 1, 0}},
    {169, kTherm},
};

}  // namespace

std::optional<UnitScale> unit_scale_from(std::string_view text) {
  if (text.empty()) return UnitScale{};
  std::string lower;
  for (const char c : text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const Named& named : kNames) {
    if (named.text == lower) return named.scale;
  }
  if (const auto own = unit_from(text)) return UnitScale{*own, 1, 0};
  return std::nullopt;
}

std::optional<UnitScale> unit_scale_from_symbol_code(int code) {
  for (const Coded& coded : kCodes) {
    if (coded.code == code) return coded.scale;
  }
  return std::nullopt;
}

std::optional<int> symbol_code_of(Unit unit) {
  for (const Coded& coded : kCodes) {
    if (coded.scale.unit == unit && coded.scale.factor == 1) return coded.code;
  }
  return std::nullopt;
}

Result<Decimal> scaled(Decimal theirs, const UnitScale& scale) {
  Decimal ours = theirs;
  if (scale.factor != 1) ours = shortest(ours);
  if (__builtin_mul_overflow(ours.value, scale.factor, &ours.value))
    return make_error(ErrorCode::kLimit, "the number does not fit in 64 bits");
  ours.exponent += scale.exponent;
  if (scale.factor != 1) ours = shortest(ours);
  if (ours.exponent < -18 || ours.exponent > 18)
    return make_error(ErrorCode::kLimit, "the number has more digits than are kept");
  return ours;
}

Decimal shortest(Decimal decimal) {
  if (decimal.value == 0) return {};
  while (decimal.value % 10 == 0) {
    decimal.value /= 10;
    ++decimal.exponent;
  }
  return decimal;
}

}  // namespace amity::exchange
