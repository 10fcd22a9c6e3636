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

std::size_t length_size(std::size_t length);
void put_length(std::size_t length, Bytes& out);
void put_tlv(std::uint8_t tag, ByteView content, Bytes& out);

}  // namespace amity::c12
