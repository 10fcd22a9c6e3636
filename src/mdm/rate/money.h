// Money in integers of the tariff's smallest unit. Every line of a bill is rounded once, from the
// exact product; a bill is the sum of its rounded lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/decimal.h"

namespace amity::mdm {

enum class Rounding : std::uint8_t {
  kHalfUp = 0,    // half away from zero: a reversal is the exact negative
  kHalfEven = 1,  // half to the even neighbour
};

// value / divisor, rounded; divisor > 0.
__int128 rounded(__int128 value, __int128 divisor, Rounding rounding);

// quantity x 10^quantity_exponent x price x numerator / denominator in units of 10^money_exponent.
// kLimit beyond kAmountMax.
Result<std::int64_t> priced(std::int64_t quantity, int quantity_exponent, Decimal price,
                            int money_exponent, Rounding rounding, std::int64_t numerator = 1,
                            std::int64_t denominator = 1);

// Decimals of a currency's smallest unit after ISO 4217 (its "minor unit"): 0 for JPY, 3 for KWD; 2
// for most, and for a code that is not in the list of the others.
int minor_digits(std::string_view currency);

}  // namespace amity::mdm
