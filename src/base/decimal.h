// value x 10^exponent, exactly: nothing that is billed passes through floating point.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace amity {

struct Decimal {
  std::int64_t value = 0;
  int exponent = 0;  // -18..18

  friend bool operator==(const Decimal&, const Decimal&) = default;
};

// "12.34" for {1234, -2}; trailing zeros are kept: they are the meter's resolution.
std::string to_string(Decimal decimal);
// The same into memory of the caller's, at most kDecimalCharsMax characters: returns the end.
inline constexpr int kDecimalCharsMax = 48;
char* write_decimal(char* at, Decimal decimal);
// Accepts "-12.340"; the exponent is the number of decimals given.
Result<Decimal> decimal_from(std::string_view text);
// The same number with another exponent; fails where digits would be lost or overflow.
Result<std::int64_t> rescale(Decimal decimal, int exponent);

}  // namespace amity
