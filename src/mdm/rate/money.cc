#include "mdm/rate/money.h"

#include "mdm/rate/limits.h"

namespace amity::mdm {

__int128 rounded(__int128 value, __int128 divisor, Rounding rounding) {
  const bool negative = value < 0;
  const __int128 magnitude = negative ? -value : value;
  __int128 quotient = magnitude / divisor;
  const __int128 rest = magnitude - quotient * divisor;
  const bool above = rest > divisor - rest, half = rest == divisor - rest;
  if (above || (half && (rounding == Rounding::kHalfUp || quotient % 2 != 0))) ++quotient;
  return negative ? -quotient : quotient;
}

Result<std::int64_t> priced(std::int64_t quantity, int quantity_exponent, Decimal price,
                            int money_exponent, Rounding rounding, std::int64_t numerator,
                            std::int64_t denominator) {
  __int128 value = __int128{quantity} * price.value, divisor = denominator;
  bool overflow = __builtin_mul_overflow(value, __int128{numerator}, &value);
  int exponent = quantity_exponent + price.exponent;
  for (; exponent > money_exponent && !overflow; --exponent)
    overflow = __builtin_mul_overflow(value, __int128{10}, &value);
  for (; exponent < money_exponent && !overflow; ++exponent)
    overflow = __builtin_mul_overflow(divisor, __int128{10}, &divisor);
  if (overflow) return make_error(ErrorCode::kLimit, "a line beyond any amount of money");
  // Mostly both fit 64 bits, which divides several times faster.
  const bool narrow = value <= INT64_MAX && value >= -INT64_MAX && divisor <= INT64_MAX;
  __int128 amount = 0;
  if (narrow && rounding == Rounding::kHalfUp) {
    const auto v = static_cast<std::int64_t>(value), d = static_cast<std::int64_t>(divisor);
    const std::int64_t quotient = v / d, rest = v % d, size = rest < 0 ? -rest : rest;
    amount = quotient + (size >= d - size ? (v < 0 ? -1 : 1) : 0);
  } else {
    amount = rounded(value, divisor, rounding);
  }
  if (amount > kAmountMax || amount < -kAmountMax)
    return make_error(ErrorCode::kLimit, "a line beyond any amount of money");
  return static_cast<std::int64_t>(amount);
}

int minor_digits(std::string_view currency) {
  struct Group {
    int digits;
    std::string_view codes;
  };
  static constexpr Group kGroups[] = {
      {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
      {3, "BHD IQD JOD KWD LYD OMR TND"},
      {4, "CLF UYW"}};
  constexpr int kMost = 2;
  if (currency.size() != 3) return kMost;
  for (const Group& group : kGroups) {
    for (std::size_t i = 0; i < group.codes.size(); i += 4) {
      if (group.codes.substr(i, 3) == currency) return group.digits;
    }
  }
  return kMost;
}

}  // namespace amity::mdm
