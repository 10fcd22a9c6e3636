// LEB128 integers and zigzag, as in the records and blocks on disk.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace amity {

inline std::uint64_t zigzag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
inline std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}
// Differences wrap, so that any two values have one.
inline std::int64_t wrapping_sub(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
inline std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

inline void put_varint(Bytes& out, std::uint64_t v) {
  std::uint8_t buffer[10];
  std::size_t n = 0;
  for (; v >= 0x80; v >>= 7) buffer[n++] = static_cast<std::uint8_t>(v | 0x80);
  buffer[n++] = static_cast<std::uint8_t>(v);
  out.insert(out.end(), buffer, buffer + n);
}
inline void put_zigzag(Bytes& out, std::int64_t v) { put_varint(out, zigzag(v)); }

inline Result<std::uint64_t> get_varint(ByteReader& in) {
  std::uint64_t v = 0;
  const ByteView rest = in.rest();
  const std::size_t limit = rest.size() < 10 ? rest.size() : 10;
  for (std::size_t i = 0; i < limit; ++i) {
    const std::uint64_t b = rest[i];
    if (i == 9 && b > 1) return in.malformed("an integer is wider than 64 bits");
    v |= (b & 0x7F) << (7 * i);
    if (b < 0x80) {
      AMITY_CHECK(in.skip(i + 1));
      return v;
    }
  }
  return in.truncated(limit + 1);
}
inline Result<std::int64_t> get_zigzag(ByteReader& in) {
  AMITY_TRY(const std::uint64_t v, get_varint(in));
  return unzigzag(v);
}

}  // namespace amity
