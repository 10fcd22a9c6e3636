// Units as other systems write them, with the exact factor to ours.
#pragma once

#include <optional>
#include <string_view>

#include "base/decimal.h"
#include "base/units.h"

namespace amity::exchange {

// One of theirs = factor x 10^exponent of `unit`.
struct UnitScale {
  Unit unit = Unit::kNone;
  std::int64_t factor = 1;
  int exponent = 0;
};

// "kWh", "KWH", "kvarh", "ccf", "therm", ... whatever the case; Amity's own symbols too. "MW" and
// "mW" cannot be told apart without case: M is mega. "" is Unit::kNone.
std::optional<UnitScale> unit_scale_from(std::string_view text);
// UnitSymbol of ESPI and IEC 61968-9, which share their numbers: 72 = Wh, 169 = therm.
std::optional<UnitScale> unit_scale_from_symbol_code(int code);
// The way back, for the units that have one without a factor.
std::optional<int> symbol_code_of(Unit unit);

// Their number in our unit, exactly; fails where it does not fit in 64 bits.
Result<Decimal> scaled(Decimal theirs, const UnitScale& scale);
// Without the zeros at its end: 1.500 -> 1.5, 1200 -> 12 x 10^2; 0 is {0, 0}.
Decimal shortest(Decimal decimal);

}  // namespace amity::exchange
