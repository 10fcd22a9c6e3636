#include "base/crc.h"

namespace amity {
namespace {

TEST(Crc, published_check_values) {
  const ByteView check = as_bytes("123456789");
  EXPECT_EQ(crc16_x25(check), 0x906E);
  EXPECT_EQ(crc16_arc(check), 0xBB3D);
  EXPECT_EQ(crc16_en13757(check), 0xC2B7);
  EXPECT_EQ(crc16_kermit(check), 0x2189);
}

TEST(Crc, fed_in_pieces_it_is_the_same) {
  const ByteView check = as_bytes("123456789");
  for (std::size_t cut = 0; cut <= check.size(); ++cut) {
    const std::uint16_t first = crc16_x25_add(kCrc16X25Start, check.first(cut));
    EXPECT_EQ(crc16_x25_finish(crc16_x25_add(first, check.subspan(cut))), 0x906E);
  }
}

// The definition, bit by bit.
std::uint16_t by_bits(unsigned reflected_polynomial, unsigned crc, ByteView bytes) {
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 1) ? (crc >> 1) ^ reflected_polynomial : crc >> 1;
  }
  return static_cast<std::uint16_t>(crc);
}

TEST(Crc, of_every_length_as_bit_by_bit) {
  Bytes bytes;
  for (unsigned i = 0; i < 700; ++i) {
    EXPECT_EQ(crc16_x25(bytes), by_bits(0x8408, 0xFFFF, bytes) ^ 0xFFFF) << i << " bytes";
    EXPECT_EQ(crc16_x25_add(0x1D0F, bytes), by_bits(0x8408, 0x1D0F, bytes)) << i << " bytes";
    EXPECT_EQ(crc16_kermit(bytes), by_bits(0x8408, 0, bytes)) << i << " bytes";
    EXPECT_EQ(crc16_arc(bytes), by_bits(0xA001, 0, bytes)) << i << " bytes";
    bytes.push_back(static_cast<std::uint8_t>((i * i + 7 * i) >> 2));
  }
}

TEST(Crc, of_nothing) {
  EXPECT_EQ(crc16_x25({}), 0x0000);
}

}  // namespace
}  // namespace amity
