// What a value information field says (EN 13757-3, 6.4): quantity, unit, power of ten. Tables are
// looked up by index; every unit is one of the report's own, with the exact factor beside it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace amity::mbus {

enum class ValueClass : std::uint8_t {
  kReserved,        // no meaning in the standard
  kTotal,           // a number that accumulates
  kNumber,          // a number of a moment or a setting
  kCode,            // unsigned: flags, versions, numbers without a quantity
  kIdentifier,      // digits that are a name: leading zeros count
  kEnhancedId,      // id, manufacturer, version, type
  kDate,            // type G
  kDateTime,        // type F, I, J by size
  kDaylightSaving,  // type K
};

struct Vif {
  std::string_view quantity;
  std::string_view unit;
  std::int8_t exponent = 0;
  std::int32_t factor = 1;  // the value x factor x 10^exponent is in `unit`
  ValueClass value_class = ValueClass::kReserved;
};

enum class VifTable : std::uint8_t { kPrimary, kFirstExtension, kSecondExtension, kThirdExtension };

// Of a code without its extension bit. The primary table has no entry for 7B to 7F, which are not
// quantities but say where to look.
const Vif& vif(VifTable table, std::uint8_t code);

// The bytes (FB/FD prefix and code) that say this, with factor 1; nullopt where the standard has
// none.
struct VifCode {
  std::array<std::uint8_t, 2> bytes{};
  std::uint8_t size = 0;
};
std::optional<VifCode> find_vif(std::string_view quantity, std::string_view unit, int exponent);

inline constexpr std::uint8_t kVifExtension = 0x80;
inline constexpr std::uint8_t kVifFirstExtension = 0xFB;
inline constexpr std::uint8_t kVifSecondExtension = 0xFD;
inline constexpr std::uint8_t kVifPlainText = 0x7C;
inline constexpr std::uint8_t kVifAny = 0x7E;
inline constexpr std::uint8_t kVifManufacturer = 0x7F;

}  // namespace amity::mbus
