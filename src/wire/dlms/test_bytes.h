// Hexadecimal text as bytes, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "base/bytes.h"

namespace amity::dlms {

inline Bytes operator""_hex(const char* text, std::size_t size) {
  auto bytes = from_hex(std::string_view(text, size));
  EXPECT_TRUE(bytes.ok()) << text;
  return bytes.ok() ? *bytes : Bytes();
}

template <class Apdu>
std::string encoded(const Apdu& apdu) {
  Bytes out;
  encode(apdu, out);
  return to_hex(out);
}

}  // namespace amity::dlms
