#include "api/json.h"

#include <charconv>
#include "base/decimal.h"
#include <cmath>

namespace amity::api {

namespace {

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

Json& Json::text(std::string_view value) {
  if (is_ascii(value)) {
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  } else {
    const std::string repaired = valid_utf8(value);
    writer_.String(repaired.data(), static_cast<rapidjson::SizeType>(repaired.size()));
  }
  return *this;
}

Json& Json::number(double value) {
  if (!std::isfinite(value)) return null();
  const double rounded = std::abs(value) < 1e12 ? std::round(value * 1e6) / 1e6 : value;
  writer_.Double(rounded);
  return *this;
}

Json& Json::time(UtcSeconds value) {
  if (value.value == 0) return null();
  return text(to_iso(value));
}

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void append_decimal(std::string& out, std::int64_t value, int exponent) {
  char digits[kDecimalCharsMax];
  out.append(digits, write_decimal(digits, Decimal{value, exponent}));
}

}  // namespace amity::api
