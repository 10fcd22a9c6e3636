#include "base/decimal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace amity {
namespace {

constexpr int kMaxExponent = 18;

// "00" to "99".
constexpr auto kPairs = [] {
  std::array<std::array<char, 2>, 100> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i)
    pairs[i] = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
  return pairs;
}();

Error overflow() {
  return make_error(ErrorCode::kLimit, "the number does not fit in 64 bits");
}

// Eight digits of a number below 10^8, the first in the lowest byte: three steps halve what a lane
// holds.
std::uint64_t eight_digits(std::uint32_t number) {
  const std::uint64_t fours = number / 10'000 | std::uint64_t{number % 10'000} << 32;
  const std::uint64_t hundreds = (fours * 10'486 >> 20) & 0x0000'007F'0000'007F;
  const std::uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
  const std::uint64_t tens = (twos * 103 >> 10) & 0x000F'000F'000F'000F;
  return tens | (twos - tens * 10) << 8;
}

// Of up to eight digits, at most seven of them behind the point: nearly all there are.
char* write_short(char* at, std::uint32_t number, int decimals) {
  static_assert(std::endian::native == std::endian::little);
  const std::uint64_t digits = eight_digits(number);
  const int zeros = std::min(digits == 0 ? 7 : std::countr_zero(digits) / 8, 7 - decimals);
  const std::uint64_t text = (digits | 0x3030303030303030) >> (8 * zeros);
  const int whole = 8 - zeros - decimals;
  std::memcpy(at, &text, sizeof text);
  if (decimals == 0) return at + whole;
  at[whole] = '.';
  const std::uint64_t behind = text >> (8 * whole);
  std::memcpy(at + whole + 1, &behind, sizeof behind);
  return at + whole + 1 + decimals;
}

[[gnu::noinline]] char* write_any(char* at, Decimal decimal) {
  static constexpr int kDigitsMax = 20;
  // Digits from the right, zeros in front of them, and what the last move copies beyond them.
  char text[kDecimalCharsMax + kDigitsMax];
  char* const end = text + kDecimalCharsMax;
  std::memset(end, 0, kDigitsMax);
  char* first = end;
  std::uint64_t rest = decimal.value < 0 ? ~static_cast<std::uint64_t>(decimal.value) + 1
                                         : static_cast<std::uint64_t>(decimal.value);
  const bool zero = rest == 0;
  for (; rest >= 100; rest /= 100) {
    first -= 2;
    std::memcpy(first, &kPairs[rest % 100], 2);
  }
  if (rest >= 10) *--first = static_cast<char>('0' + rest % 10), rest /= 10;
  *--first = static_cast<char>('0' + rest);
  if (decimal.value < 0) *at++ = '-';
  if (decimal.exponent >= 0) {
    std::memcpy(at, first, kDigitsMax);
    at += end - first;
    for (int i = 0; i < decimal.exponent && !zero; ++i) *at++ = '0';
    return at;
  }
  const int decimals = -decimal.exponent;
  while (end - first <= decimals) *--first = '0';
  const auto whole = end - first - decimals;
  std::memcpy(at, first, kDigitsMax);
  at += whole;
  *at++ = '.';
  std::memcpy(at, end - decimals, kDigitsMax);
  return at + decimals;
}

}  // namespace

char* write_decimal(char* at, Decimal decimal) {
  const auto number = static_cast<std::uint64_t>(decimal.value);
  if (number < 10 && decimal.exponent == 0) {
    *at = static_cast<char>('0' + number);
    return at + 1;
  }
  if (number < 100'000'000 && decimal.exponent <= 0 && decimal.exponent >= -7)
    return write_short(at, static_cast<std::uint32_t>(number), -decimal.exponent);
  return write_any(at, decimal);
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
