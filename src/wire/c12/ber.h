// The little of BER that C12.22 needs: tags of one byte, definite lengths.
#pragma once

#include "base/bytes.h"

namespace amity::c12 {

struct Tlv {
  std::uint8_t tag = 0;
  std::size_t offset = 0;          // of the tag, in the whole input
  std::size_t content_offset = 0;  // in the whole input
  ByteView content;
  ByteView whole;  // tag and length included
};

Result<std::size_t> read_length(ByteReader& reader);  // up to 2^24 - 1
Result<Tlv> read_tlv(ByteReader& reader);
Result<Tlv> expect_tlv(ByteReader& reader, std::uint8_t tag);

// The elements of a sequence, one after the other. Lengths below 128 are read in place; the first
// failure stays.
class Elements {
 public:
  Elements(ByteView bytes, std::size_t offset) : bytes_(bytes), offset_(offset) {}
  explicit Elements(const Tlv& parent) : Elements(parent.content, parent.content_offset) {}

  bool empty() const { return at_ == bytes_.size(); }
  std::size_t offset() const { return offset_ + at_; }  // in the whole input
  // False: what stands there is no element, see error().
  bool next(Tlv& tlv) {
    const std::size_t left = bytes_.size() - at_;
    const std::uint8_t* const p = bytes_.data() + at_;
    if (left < 2 || p[1] >= 0x80 || left - 2 < p[1]) return next_long(tlv);
    const std::size_t size = p[1];
    tlv = {p[0], offset(), offset() + 2, {p + 2, size}, {p, size + 2}};
    at_ += size + 2;
    return true;
  }
  bool expect(std::uint8_t tag, Tlv& tlv) {
    return next(tlv) && (tlv.tag == tag || other(tlv, tag));
  }
  const Error& error() const { return error_; }

 private:
  bool next_long(Tlv& tlv);
  bool other(const Tlv& tlv, std::uint8_t wanted);

  ByteView bytes_;
  std::size_t at_ = 0, offset_;
  Error error_;
};

std::size_t length_size(std::size_t length);
inline constexpr std::size_t kLengthBytesMax = 4;
std::uint8_t* write_length(std::uint8_t* at, std::size_t length);  // returns the end
void put_length(std::size_t length, Bytes& out);
void put_tlv(std::uint8_t tag, ByteView content, Bytes& out);

}  // namespace amity::c12
