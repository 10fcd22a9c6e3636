// What the formats of this room share: texts, times, small integers and enumerations.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "store/limits.h"
#include "store/varint.h"

namespace amity::store {

inline void put_text(Bytes& out, std::string_view text) {
  put_varint(out, text.size());
  append(out, as_bytes(text));
}

inline Result<std::string> get_text(ByteReader& in) {
  AMITY_TRY(const std::uint64_t size, get_varint(in));
  if (size > kFactTextBytesMax) return in.malformed("a text is too long");
  AMITY_TRY(const ByteView text, in.take(size));
  return std::string(as_text(text));
}

inline Result<UtcSeconds> get_time(ByteReader& in) {
  AMITY_TRY(const std::int64_t t, get_zigzag(in));
  return UtcSeconds(t);
}

inline Result<std::uint32_t> get_u32(ByteReader& in) {
  AMITY_TRY(const std::uint64_t v, get_varint(in));
  if (v > 0xFFFF'FFFFu) return in.malformed("an integer is wider than 32 bits");
  return static_cast<std::uint32_t>(v);
}

inline Result<std::uint8_t> get_enum(ByteReader& in, std::uint8_t last) {
  AMITY_TRY(const std::uint8_t v, in.u8());
  if (v > last) return in.malformed("an enumeration has no such value");
  return v;
}

}  // namespace amity::store
