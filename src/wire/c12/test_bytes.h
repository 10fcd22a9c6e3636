// Vectors and hexadecimal for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace amity::c12::testing {

inline Bytes hex(std::string_view text) {
  auto bytes = from_hex(text);
  EXPECT_TRUE(bytes.ok()) << text;
  return bytes.ok() ? *bytes : Bytes{};
}

// The published message, and what opens it.
inline constexpr std::string_view kExampleRequest =
    "604fa20580037bc175a60480027b04a803020103ac0fa20da00ba109800102810448f3d061be2a282881268841d10c"
    "da"
    "76206811b36f781489a11997773e117cb07aa3aa40374a7107c50da7f799c5d4e8";
inline constexpr std::string_view kExampleKey = "01020304050607080102030405060708";
inline constexpr std::string_view kExampleBase = "2.16.124.113620.1.22.0";

}  // namespace amity::c12::testing
