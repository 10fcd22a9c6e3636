#include "mdm/rate/tariff.h"

namespace amity::mdm {

std::string_view to_string(LineKind kind) {
  static constexpr std::string_view kNames[] = {"energy", "demand",  "reactive",
                                                "fixed",  "minimum", "tax"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string unit_text(const Tariff& tariff) {
  return (tariff.unit_exponent == 3 ? "k" : "") + std::string(symbol(tariff.unit));
}

std::string demand_unit_text(const Tariff& tariff) {
  if (tariff.unit == Unit::kWattHour) return tariff.unit_exponent == 3 ? "kW" : "W";
  return unit_text(tariff) + "/h";
}

}  // namespace amity::mdm
