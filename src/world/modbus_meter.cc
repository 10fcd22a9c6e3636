#include "world/modbus_meter.h"

#include "driver/embedded_models.h"

namespace amity::world {

const modbus::RegisterMap& modbus_registers() {
  static const driver::ModelSet models = driver::load_models().value();
  static const modbus::RegisterMap map = [] {
    const auto found = std::ranges::find(models.models(), std::string(kModbusModel) + ".toml",
                                         &driver::MeterModel::file);
    AMITY_ASSERT(found != models.models().end());
    return driver::register_map_of(*found).value();
  }();
  return map;
}

void ModbusMeter::latch() {
  const Totals offset = meter_.register_offset();
  totals_ = meter_.totals_at(meter_.true_time());
  totals_.import_wh += offset.import_wh;
  totals_.export_wh += offset.export_wh;
  now_ = meter_.under_way();
  image_.clear();
}

// Of a home with one phase; the other two are dead.
Decimal ModbusMeter::value_of(std::string_view quantity) const {
  const auto per_hour = static_cast<std::int64_t>(3'600 / meter_.interval_s());
  const std::int64_t import_w = now_.import_wh * per_hour, export_w = now_.export_wh * per_hour;
  if (quantity == "active energy import") return {totals_.import_wh, 0};
  if (quantity == "active energy export") return {totals_.export_wh, 0};
  if (quantity == "active power") return {import_w - export_w, 0};
  if (quantity == "voltage L1") return {now_.voltage_dv, -1};
  if (quantity == "frequency") return {50, 0};
  if (quantity == "current L1" && now_.voltage_dv != 0)
    return {std::max(import_w, export_w) * 10'000 / now_.voltage_dv, -3};
  return {0, 0};
}

std::optional<std::uint16_t> ModbusMeter::read(modbus::Function function, std::uint16_t address) {
  if (function != modbus::Function::kReadInput) return std::nullopt;
  if (image_.empty()) {
    for (const modbus::MapEntry& entry : modbus_registers()) {
      const auto words = modbus::encode_value(entry, value_of(entry.quantity));
      AMITY_ASSERT(words.ok());
      for (std::size_t i = 0; i < words->size(); ++i)
        image_[static_cast<std::uint16_t>(entry.address + i)] = (*words)[i];
    }
  }
  const auto found = image_.find(address);
  return found == image_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace amity::world
