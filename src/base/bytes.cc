#include "base/bytes.h"

#include <openssl/crypto.h>

namespace amity {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_separator(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':' || c == '-';
}

std::uint64_t big(ByteView bytes) {
  std::uint64_t v = 0;
  for (std::uint8_t b : bytes) v = v << 8 | b;
  return v;
}

std::uint64_t little(ByteView bytes) {
  std::uint64_t v = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) v = v << 8 | bytes[i - 1];
  return v;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::uint8_t b : bytes) {
    text.push_back(kDigits[b >> 4]);
    text.push_back(kDigits[b & 15]);
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  int high = -1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_separator(text[i])) {
      if (high >= 0) return make_error(ErrorCode::kMalformed, "half a byte before a separator", i);
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0) {
      return make_error(ErrorCode::kMalformed, std::string("'") + text[i] + "' is not a hexadecimal digit", i);
    }
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  if (high >= 0) return make_error(ErrorCode::kTruncated, "half a byte at the end", text.size());
  return bytes;
}

Error ByteReader::truncated(std::size_t wanted) const {
  return Error{ErrorCode::kTruncated, offset(),
               std::to_string(wanted) + " bytes wanted, " + std::to_string(remaining()) + " left"};
}

Result<ByteView> ByteReader::take(std::size_t count) {
  if (count > remaining()) return truncated(count);
  const ByteView taken = bytes_.subspan(position_, count);
  position_ += count;
  return taken;
}

Status ByteReader::skip(std::size_t count) {
  if (count > remaining()) return truncated(count);
  position_ += count;
  return {};
}

Result<std::uint8_t> ByteReader::peek() const {
  if (empty()) return truncated(1);
  return bytes_[position_];
}

Result<std::uint8_t> ByteReader::u8() {
  if (empty()) return truncated(1);
  return bytes_[position_++];
}

Result<std::uint16_t> ByteReader::u16() {
  AMITY_TRY(const ByteView v, take(2));
  return static_cast<std::uint16_t>(big(v));
}

Result<std::uint32_t> ByteReader::u32() {
  AMITY_TRY(const ByteView v, take(4));
  return static_cast<std::uint32_t>(big(v));
}

Result<std::uint64_t> ByteReader::u64() {
  AMITY_TRY(const ByteView v, take(8));
  return big(v);
}

Result<std::uint16_t> ByteReader::u16_le() {
  AMITY_TRY(const ByteView v, take(2));
  return static_cast<std::uint16_t>(little(v));
}

Result<std::uint32_t> ByteReader::u32_le() {
  AMITY_TRY(const ByteView v, take(4));
  return static_cast<std::uint32_t>(little(v));
}

Result<std::uint64_t> ByteReader::u64_le() {
  AMITY_TRY(const ByteView v, take(8));
  return little(v);
}

bool constant_time_equal(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace amity
