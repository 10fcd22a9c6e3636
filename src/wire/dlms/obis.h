// OBIS code: the logical name of a COSEM object (IEC 62056-6-1), groups A to F.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace amity::dlms {

struct Obis {
  static constexpr std::size_t kSize = 6;

  std::array<std::uint8_t, kSize> bytes{};

  constexpr Obis() = default;
  constexpr Obis(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint8_t e,
                 std::uint8_t f)
      : bytes{a, b, c, d, e, f} {}
  friend constexpr auto operator<=>(const Obis&, const Obis&) = default;

  constexpr std::uint8_t a() const { return bytes[0]; }  // medium
  constexpr std::uint8_t b() const { return bytes[1]; }  // channel
  constexpr std::uint8_t c() const { return bytes[2]; }  // quantity
  constexpr std::uint8_t d() const { return bytes[3]; }  // processing
  constexpr std::uint8_t e() const { return bytes[4]; }  // tariff
  constexpr std::uint8_t f() const { return bytes[5]; }  // storage
  constexpr std::uint64_t packed() const {
    std::uint64_t v = 0;
    for (std::uint8_t x : bytes) v = v << 8 | x;
    return v;
  }
  ByteView view() const { return bytes; }
};

Result<Obis> obis_from(ByteView six_bytes);
// "1-0:1.8.0*255", "1-0:1.8.0" (F = 255), "1.0.1.8.0.255" and "1.0.1.8.0" are read.
Result<Obis> obis_from(std::string_view text);
std::string to_string(const Obis& obis);   // "1.0.1.8.0.255"
std::string to_reduced(const Obis& obis);  // "1-0:1.8.0*255"

}  // namespace amity::dlms

template <>
struct std::hash<amity::dlms::Obis> {
  std::size_t operator()(const amity::dlms::Obis& obis) const noexcept {
    return std::hash<std::uint64_t>{}(obis.packed() * 0x9E3779B97F4A7C15ull);
  }
};
