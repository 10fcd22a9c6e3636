#include "base/decimal.h"

#include <charconv>
#include <cstring>
#include <limits>

namespace amity {
namespace {

constexpr int kMaxExponent = 18;

Error overflow() { return make_error(ErrorCode::kLimit, "the number does not fit in 64 bits"); }

}  // namespace

char* write_decimal(char* at, Decimal decimal) {
  char digits[24];
  const bool negative = decimal.value < 0;
  const std::uint64_t magnitude = negative ? ~static_cast<std::uint64_t>(decimal.value) + 1
                                           : static_cast<std::uint64_t>(decimal.value);
  const auto end = std::to_chars(digits, digits + sizeof digits, magnitude).ptr;
  const auto count = static_cast<int>(end - digits);
  if (negative) *at++ = '-';
  if (decimal.exponent >= 0) {
    std::memcpy(at, digits, static_cast<std::size_t>(count));
    at += count;
    for (int i = 0; i < decimal.exponent && magnitude != 0; ++i) *at++ = '0';
    return at;
  }
  const int decimals = -decimal.exponent;
  int whole = count - decimals;
  if (whole <= 0) *at++ = '0';
  for (int i = 0; i < whole; ++i) *at++ = digits[i];
  *at++ = '.';
  for (; whole < 0; ++whole) *at++ = '0';
  for (int i = whole; i < count; ++i) *at++ = digits[i];
  return at;
}

std::string to_string(Decimal decimal) {
  char text[kDecimalCharsMax];
  return std::string(text, write_decimal(text, decimal));
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
