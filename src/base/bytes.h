// Byte buffers, bounded reading and writing, hexadecimal text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace amity {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// Upper-case, without separators.
std::string to_hex(ByteView bytes);
// Accepts blanks, line ends, ':' and '-' between bytes. The error carries the character's offset.
Result<Bytes> from_hex(std::string_view text);

// Reads from the front of a view; every read is checked. Big-endian unless the name says otherwise.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes, std::size_t base_offset = 0)
      : bytes_(bytes), base_offset_(base_offset) {}

  std::size_t remaining() const { return bytes_.size() - position_; }
  bool empty() const { return remaining() == 0; }
  // Offset in the whole input, for error messages.
  std::size_t offset() const { return base_offset_ + position_; }
  std::size_t position() const { return position_; }
  ByteView rest() const { return bytes_.subspan(position_); }

  Result<std::uint8_t> u8();
  Result<std::uint16_t> u16();
  Result<std::uint32_t> u32();
  Result<std::uint64_t> u64();
  Result<std::uint16_t> u16_le();
  Result<std::uint32_t> u32_le();
  Result<std::uint64_t> u64_le();
  Result<ByteView> take(std::size_t count);
  Status skip(std::size_t count);
  Result<std::uint8_t> peek() const;

  Error truncated(std::size_t wanted) const;
  Error malformed(std::string reason) const {
    return Error{ErrorCode::kMalformed, offset(), std::move(reason)};
  }

 private:
  ByteView bytes_;
  std::size_t position_ = 0;
  std::size_t base_offset_ = 0;
};

// Appends to a buffer that the caller owns. Big-endian unless the name says otherwise.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v) { big(v, 2); }
  void u32(std::uint32_t v) { big(v, 4); }
  void u64(std::uint64_t v) { big(v, 8); }
  void u16_le(std::uint16_t v) { little(v, 2); }
  void u32_le(std::uint32_t v) { little(v, 4); }
  void u64_le(std::uint64_t v) { little(v, 8); }
  void bytes(ByteView v) { append(out_, v); }
  void text(std::string_view v) { append(out_, as_bytes(v)); }
  std::size_t size() const { return out_.size(); }
  Bytes& buffer() { return out_; }

 private:
  void big(std::uint64_t v, int width) {
    for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) out_.push_back(static_cast<std::uint8_t>(v >> shift));
  }
  void little(std::uint64_t v, int width) {
    for (int i = 0; i < width; ++i, v >>= 8) out_.push_back(static_cast<std::uint8_t>(v));
  }
  Bytes& out_;
};

// Same time whatever the contents, for tags, digests and passwords. Different sizes are unequal.
bool constant_time_equal(ByteView a, ByteView b);

}  // namespace amity
