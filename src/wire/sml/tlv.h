// The binary encoding of SML: type-length fields. Bits 6-4 of the first byte are the type, the low
// nibbles of as many bytes as bit 7 joins are the length: of a list its elements, of anything else
// its bytes including the length field. 01, an octet string of none, stands for an optional value
// that is not there.
#pragma once

#include "base/bytes.h"
#include "wire/sml/limits.h"

namespace amity::sml {

enum class Type : std::uint8_t { kOctets = 0, kBool = 4, kSigned = 5, kUnsigned = 6, kList = 7 };
std::string_view to_string(Type type);

struct Element {
  Type type = Type::kOctets;
  std::size_t count = 0;  // elements of a list
  ByteView bytes;         // of anything else
};

inline std::uint64_t unsigned_of(ByteView big_endian) {  // up to 8 bytes
  std::uint64_t value = 0;
  for (const std::uint8_t byte : big_endian) value = value << 8 | byte;
  return value;
}
std::int64_t signed_of(ByteView big_endian);

// Reads one element after the other. The first failure stays; from then on every read yields
// nothing.
class TlvReader {
 public:
  explicit TlvReader(ByteView bytes, std::size_t base_offset = 0)
      : bytes_(bytes), base_(base_offset) {}

  bool ok() const { return !failed_; }
  const Error& error() const { return error_; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t position() const { return at_; }
  std::size_t offset() const { return base_ + at_; }
  ByteView between(std::size_t from) const { return bytes_.subspan(from, at_ - from); }

  Element next() {
    // Of one byte of type and length, and all there: nearly all are.
    if (at_ < bytes_.size() && (bytes_[at_] & 0x80) == 0) {
      const std::uint8_t first = bytes_[at_];
      const std::size_t length = first & 0x0F;
      const auto type = static_cast<Type>(first >> 4);
      if (type == Type::kList) {
        ++at_;
        return {type, length, {}};
      }
      if (is_primitive(type) && length > 0 && length <= bytes_.size() - at_) {
        const Element element{type, 0, bytes_.subspan(at_ + 1, length - 1)};
        at_ += length;
        return element;
      }
    }
    return next_in_full();
  }
  // A list of exactly `count`.
  bool list(std::size_t count, const char* what) {
    if (count < 16 && at_ < bytes_.size() && bytes_[at_] == (0x70 | count)) {
      ++at_;
      return true;
    }
    return list_in_full(count, what);
  }
  std::size_t any_list(const char* what);  // its elements
  ByteView octets(const char* what) {
    const std::size_t before = at_;
    const Element element = next();
    if (element.type == Type::kOctets) return element.bytes;  // none after a failure
    return refuse(before, what, " must be an octet string"), ByteView{};
  }
  std::uint64_t number(const char* what) {  // unsigned
    const std::size_t before = at_;
    const Element element = next();
    if (element.type == Type::kUnsigned && !element.bytes.empty() && element.bytes.size() <= 8)
      return unsigned_of(element.bytes);
    return refuse(before, what, " must be an unsigned integer"), 0;
  }
  std::int64_t signed_number(const char* what);
  bool absent() {  // takes the 01 of an optional value that is not there
    if (at_ >= bytes_.size() || bytes_[at_] != 0x01) return false;
    ++at_;
    return true;
  }
  bool next_is_list() const { return at_ < bytes_.size() && (bytes_[at_] >> 4 & 7) == 7; }
  bool end_of_message();  // 00
  // One element with all that is in it.
  void skip();

  void fail(ErrorCode code, std::string reason);

 private:
  static bool is_primitive(Type type) {
    return type == Type::kOctets || type == Type::kBool || type == Type::kSigned ||
           type == Type::kUnsigned;
  }
  Element next_in_full();
  bool list_in_full(std::size_t count, const char* what);
  // Where nothing failed before: what stands at `before` is not what belongs there.
  void refuse(std::size_t before, const char* what, const char* why);

  ByteView bytes_;
  std::size_t at_ = 0, base_;
  bool failed_ = false;
  Error error_;
};

// Appends to a buffer that the caller owns.
class TlvWriter {
 public:
  explicit TlvWriter(Bytes& out) : out_(out) {}
  void list(std::size_t count) { head(Type::kList, count); }
  void octets(ByteView bytes) { primitive(Type::kOctets, bytes); }
  void number(std::uint64_t value, int width);
  void signed_number(std::int64_t value, int width);
  void boolean(bool value);
  void absent() { out_.push_back(0x01); }
  void end_of_message() { out_.push_back(0x00); }
  void raw(ByteView elements) { append(out_, elements); }
  Bytes& buffer() { return out_; }

 private:
  void head(Type type, std::size_t length);
  void primitive(Type type, ByteView bytes);
  Bytes& out_;
};

}  // namespace amity::sml
