#include "base/decimal.h"

#include <limits>

namespace amity {
namespace {

constexpr int kMaxExponent = 18;

Error overflow() { return make_error(ErrorCode::kLimit, "the number does not fit in 64 bits"); }

}  // namespace

std::string to_string(Decimal decimal) {
  if (decimal.exponent >= 0) {
    std::string text = std::to_string(decimal.value);
    if (decimal.value != 0) text.append(static_cast<std::size_t>(decimal.exponent), '0');
    return text;
  }
  const bool negative = decimal.value < 0;
  const std::uint64_t magnitude =
      negative ? ~static_cast<std::uint64_t>(decimal.value) + 1 : static_cast<std::uint64_t>(decimal.value);
  std::string digits = std::to_string(magnitude);
  const std::size_t decimals = static_cast<std::size_t>(-decimal.exponent);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  digits.insert(digits.size() - decimals, 1, '.');
  return negative ? "-" + digits : digits;
}

Result<Decimal> decimal_from(std::string_view text) {
  Decimal result;
  bool negative = false, point = false, any = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 0 && (c == '-' || c == '+')) {
      negative = c == '-';
    } else if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      const int digit = negative ? -(c - '0') : c - '0';
      if (__builtin_mul_overflow(result.value, std::int64_t{10}, &result.value) ||
          __builtin_add_overflow(result.value, std::int64_t{digit}, &result.value)) {
        return overflow();
      }
      if (point && --result.exponent < -kMaxExponent) return overflow();
    } else {
      return make_error(ErrorCode::kMalformed, "'" + std::string(text) + "' is no number", i);
    }
  }
  if (!any) return make_error(ErrorCode::kMalformed, "'" + std::string(text) + "' is no number");
  return result;
}

Result<std::int64_t> rescale(Decimal decimal, int exponent) {
  std::int64_t value = decimal.value;
  for (int e = decimal.exponent; e > exponent; --e) {
    if (__builtin_mul_overflow(value, std::int64_t{10}, &value)) return overflow();
  }
  for (int e = decimal.exponent; e < exponent; ++e) {
    if (value % 10 != 0) return make_error(ErrorCode::kInvalid, "digits would be lost");
    value /= 10;
  }
  return value;
}

}  // namespace amity
