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

inline constexpr std::size_t kVarintBytesMax = 10;

// Writes at `to`, which has room for kVarintBytesMax; where it ends.
inline std::uint8_t* write_varint(std::uint8_t* to, std::uint64_t v) {
  for (; v >= 0x80; v >>= 7) *to++ = static_cast<std::uint8_t>(v | 0x80);
  *to++ = static_cast<std::uint8_t>(v);
  return to;
}
// Reads at `at` and moves it behind; false, and `at` where it was, when the integer does not end
// before `end` or is wider than 64 bits.
inline bool read_varint(const std::uint8_t*& at, const std::uint8_t* end, std::uint64_t& v) {
  if (at != end && *at < 0x80) {
    v = *at++;
    return true;
  }
  std::uint64_t sum = 0;
  const std::uint8_t* from = at;
  for (unsigned shift = 0; from != end && shift < 7 * kVarintBytesMax; shift += 7) {
    const std::uint64_t b = *from++;
    if (shift == 63 && b > 1) return false;
    sum |= (b & 0x7F) << shift;
    if (b >= 0x80) continue;
    v = sum;
    at = from;
    return true;
  }
  return false;
}

inline void put_varint(Bytes& out, std::uint64_t v) {
  std::uint8_t buffer[kVarintBytesMax];
  out.insert(out.end(), buffer, write_varint(buffer, v));
}
inline void put_zigzag(Bytes& out, std::int64_t v) { put_varint(out, zigzag(v)); }

inline Result<std::uint64_t> get_varint(ByteReader& in) {
  std::uint64_t v = 0;
  const ByteView rest = in.rest();
  const std::uint8_t* at = rest.data();
  if (read_varint(at, rest.data() + rest.size(), v)) {
    AMITY_CHECK(in.skip(static_cast<std::size_t>(at - rest.data())));
    return v;
  }
  if (rest.size() >= kVarintBytesMax) return in.malformed("an integer is wider than 64 bits");
  return in.truncated(rest.size() + 1);
}
inline Result<std::int64_t> get_zigzag(ByteReader& in) {
  AMITY_TRY(const std::uint64_t v, get_varint(in));
  return unzigzag(v);
}

}  // namespace amity
