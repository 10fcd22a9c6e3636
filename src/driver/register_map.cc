#include "driver/register_map.h"

namespace amity::driver {

Result<modbus::RegisterMap> register_map_of(const MeterModel& model) {
  modbus::RegisterMap map;
  for (const RegisterRule& rule : model.registers) {
    modbus::MapEntry& entry = map.emplace_back();
    AMITY_TRY(entry.type, modbus::number_type_from(rule.type));
    entry.function = rule.input ? modbus::Function::kReadInput : modbus::Function::kReadHolding;
    entry.address = rule.address;
    entry.low_word_first = rule.low_word_first;
    entry.exponent = rule.exponent;
    entry.quantity = rule.quantity;
    entry.unit = rule.unit;
    entry.kind = rule.kind;
    entry.tariff = rule.tariff;
  }
  if (map.empty()) return make_error(ErrorCode::kInvalid, model.file + " has no [[register]]");
  AMITY_CHECK(modbus::validate(map));
  return map;
}

}  // namespace amity::driver
