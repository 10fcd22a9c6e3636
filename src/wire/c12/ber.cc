#include "wire/c12/ber.h"

#include <fmt/format.h>

namespace amity::c12 {
namespace {

Error wrong_tag(const Tlv& tlv, std::uint8_t wanted) {
  return make_error(ErrorCode::kMalformed,
                    fmt::format("tag {:02X} where {:02X} belongs", tlv.tag, wanted), tlv.offset);
}

}  // namespace

Result<std::size_t> read_length(ByteReader& reader) {
  const std::size_t at = reader.offset();
  AMITY_TRY(const std::uint8_t first, reader.u8());
  if (first < 0x80) return std::size_t{first};
  const int bytes = first & 0x7F;
  if (bytes == 0 || bytes > 3) {
    return make_error(ErrorCode::kMalformed, fmt::format("length of the form {:02X}", first), at);
  }
  std::size_t length = 0;
  for (int i = 0; i < bytes; ++i) {
    AMITY_TRY(const std::uint8_t byte, reader.u8());
    length = length << 8 | byte;
  }
  return length;
}

Result<Tlv> read_tlv(ByteReader& reader) {
  Tlv tlv;
  tlv.offset = reader.offset();
  const ByteView from = reader.rest();
  if (from.size() >= 2 && from[1] < 0x80 && from.size() - 2 >= from[1]) {  // nearly always
    tlv.tag = from[0];
    tlv.content_offset = tlv.offset + 2;
    tlv.content = from.subspan(2, from[1]);
    tlv.whole = from.first(2u + from[1]);
    AMITY_CHECK(reader.skip(tlv.whole.size()));
    return tlv;
  }
  AMITY_TRY(tlv.tag, reader.u8());
  AMITY_TRY(const std::size_t length, read_length(reader));
  tlv.content_offset = reader.offset();
  AMITY_TRY(tlv.content, reader.take(length));
  tlv.whole = from.first(tlv.content_offset - tlv.offset + length);
  return tlv;
}

Result<Tlv> expect_tlv(ByteReader& reader, std::uint8_t tag) {
  AMITY_TRY(const Tlv tlv, read_tlv(reader));
  if (tlv.tag != tag) return wrong_tag(tlv, tag);
  return tlv;
}

bool Elements::next_long(Tlv& tlv) {
  ByteReader reader(bytes_.subspan(at_), offset());
  auto read = read_tlv(reader);
  if (!read.ok()) {
    error_ = std::move(read).error();
    return false;
  }
  tlv = *read;
  at_ += tlv.whole.size();
  return true;
}

bool Elements::other(const Tlv& tlv, std::uint8_t wanted) {
  error_ = wrong_tag(tlv, wanted);
  return false;
}

std::size_t length_size(std::size_t length) {
  return length < 0x80 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 4;
}

std::uint8_t* write_length(std::uint8_t* at, std::size_t length) {
  AMITY_ASSERT(length < 0x1000000);
  const std::size_t size = length_size(length);
  if (size > 1) *at++ = static_cast<std::uint8_t>(0x80 | (size - 1));
  for (std::size_t i = size > 1 ? size - 1 : 1; i-- > 0;)
    *at++ = static_cast<std::uint8_t>(length >> (8 * i));
  return at;
}

void put_length(std::size_t length, Bytes& out) {
  std::array<std::uint8_t, kLengthBytesMax> bytes;
  std::uint8_t* const end = write_length(bytes.data(), length);
  out.insert(out.end(), bytes.data(), end);
}

void put_tlv(std::uint8_t tag, ByteView content, Bytes& out) {
  out.push_back(tag);
  put_length(content.size(), out);
  append(out, content);
}

}  // namespace amity::c12
