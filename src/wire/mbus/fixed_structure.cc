// The fixed data structure of early wired meters (EN 1434-3:1997): CI 73, id, access number,
// status, two units with the medium between them, two counters.
#include "wire/mbus/telegram.h"
#include "wire/mbus/value.h"

namespace amity::mbus {
namespace {

struct FixedUnit {
  std::string_view quantity, unit;
  int exponent = 0;
  ValueClass value_class = ValueClass::kCode;
};

constexpr std::uint8_t kHistoric = 0x3E;

// Unit and power of ten by code. 00 and 01 are times without a value of their own here.
FixedUnit fixed_unit(std::uint8_t code) {
  using enum ValueClass;
  if (code >= 0x02 && code <= 0x0A) return {"energy", "Wh", code - 0x02, kTotal};
  if (code >= 0x0B && code <= 0x13) return {"energy", "J", code - 0x0B + 3, kTotal};
  if (code >= 0x14 && code <= 0x1C) return {"power", "W", code - 0x14, kNumber};
  if (code >= 0x1D && code <= 0x25) return {"power", "J/h", code - 0x1D + 3, kNumber};
  if (code >= 0x26 && code <= 0x2E) return {"volume", "m3", code - 0x26 - 6, kTotal};
  if (code >= 0x2F && code <= 0x37) return {"volume flow", "m3/h", code - 0x2F - 6, kNumber};
  if (code == 0x38) return {"temperature", "degC", -3, kNumber};
  if (code == 0x39) return {"heat cost allocation", "", 0, kTotal};
  return {};
}

}  // namespace

Status Telegram::fixed(std::size_t ci_at) {
  constexpr std::size_t kIdAt = 1, kAccessAt = 5, kStatusAt = 6, kUnitsAt = 7, kCountersAt = 9;
  const ByteView p = rest(ci_at);
  layout_.leaf_hex(ci_at, p.first(1), "CI-field: fixed structure");
  layout_.leaf_hex(ci_at + kIdAt, p.subspan(kIdAt, 4), "meter id");
  layout_.leaf_hex(ci_at + kAccessAt, p.subspan(kAccessAt, 1), "access number");
  layout_.leaf_hex(ci_at + kStatusAt, p.subspan(kStatusAt, 1), "status");
  layout_.leaf_hex(ci_at + kUnitsAt, p.subspan(kUnitsAt, 2), "medium and units");
  meter_.id = p[1] | p[2] << 8 | p[3] << 16 | static_cast<std::uint32_t>(p[4]) << 24;
  meter_.type = static_cast<std::uint8_t>(p[kUnitsAt] >> 6 | (p[kUnitsAt + 1] >> 6) << 2);
  report_.meter.id = id_text(meter_.id);
  report_.meter.medium = device_type_text(meter_.type);
  report_.details.emplace_back("access_number", std::to_string(p[kAccessAt]));
  const std::uint8_t status = p[kStatusAt];
  show_status(status & 0xFC);
  report_.status = status;
  const bool binary = (status & 1) != 0, stored = (status & 2) != 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint8_t own = p[kUnitsAt + i] & 0x3F;
    const bool historic = i == 1 && own == kHistoric;  // the first counter's, of the fixed date
    const FixedUnit unit = fixed_unit(historic ? p[kUnitsAt] & 0x3F : own);
    wire::Reading& reading = report_.readings.emplace_back();
    reading.quantity = unit.quantity;
    reading.unit = unit.unit;
    reading.storage = stored || historic ? 1 : 0;
    reading.id = "counter " + std::to_string(i + 1);
    if (unit.value_class == ValueClass::kTotal) reading.kind = "total";
    if (unit.value_class == ValueClass::kNumber) reading.kind = "instantaneous";
    const ByteView counter = p.subspan(kCountersAt + 4 * i, 4);
    read_value(binary ? DataField::kInt32 : DataField::kBcd8, counter,
               {unit.value_class, unit.exponent, 1, {}}, reading);
    layout_.leaf_hex(ci_at + kCountersAt + 4 * i, counter, reading.id);
  }
  return {};
}

}  // namespace amity::mbus
