#include "base/crc.h"

namespace amity {
namespace {

using Table = std::array<std::uint16_t, 256>;

// For polynomials in reflected form (least significant bit first).
constexpr Table make_table(std::uint16_t reflected_polynomial) {
  Table table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1) ? (value >> 1) ^ reflected_polynomial : value >> 1;
    table[i] = static_cast<std::uint16_t>(value);
  }
  return table;
}

// Most significant bit first.
constexpr Table make_forward_table(std::uint16_t polynomial) {
  Table table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned value = i << 8;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 0x8000) ? (value << 1) ^ polynomial : value << 1;
    table[i] = static_cast<std::uint16_t>(value);
  }
  return table;
}

constexpr Table kEn13757 = make_forward_table(0x3D65);

// Eight bytes a step: slice k is what a byte does with k bytes behind it.
constexpr std::size_t kSlices = 8;
using Slices = std::array<Table, kSlices>;

constexpr Slices make_slices(std::uint16_t reflected_polynomial) {
  Slices slices{};
  slices[0] = make_table(reflected_polynomial);
  for (std::size_t k = 1; k < kSlices; ++k) {
    for (std::size_t i = 0; i < 256; ++i) {
      const unsigned before = slices[k - 1][i];
      slices[k][i] = static_cast<std::uint16_t>((before >> 8) ^ slices[0][before & 0xFF]);
    }
  }
  return slices;
}

constexpr Slices kCcitt = make_slices(0x8408);
constexpr Slices kArc = make_slices(0xA001);

std::uint16_t add(const Slices& t, std::uint16_t state, ByteView bytes) {
  unsigned crc = state;
  const std::uint8_t* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= kSlices; left -= kSlices, p += kSlices) {
    crc = t[7][p[0] ^ (crc & 0xFF)] ^ t[6][p[1] ^ (crc >> 8)] ^ t[5][p[2]] ^ t[4][p[3]] ^
          t[3][p[4]] ^ t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]];
  }
  for (; left > 0; --left, ++p) crc = (crc >> 8) ^ t[0][(crc ^ *p) & 0xFF];
  return static_cast<std::uint16_t>(crc);
}

}  // namespace

std::uint16_t crc16_x25_add(std::uint16_t state, ByteView bytes) {
  return add(kCcitt, state, bytes);
}
std::uint16_t crc16_x25(ByteView bytes) {
  return crc16_x25_finish(add(kCcitt, kCrc16X25Start, bytes));
}
std::uint16_t crc16_arc(ByteView bytes) {
  return add(kArc, 0, bytes);
}
std::uint16_t crc16_kermit(ByteView bytes) {
  return add(kCcitt, 0, bytes);
}

std::uint16_t crc16_en13757_add(std::uint16_t state, ByteView bytes) {
  unsigned crc = state;
  for (const std::uint8_t byte : bytes)
    crc = ((crc << 8) & 0xFFFF) ^ kEn13757[(crc >> 8) ^ byte];
  return static_cast<std::uint16_t>(crc);
}
std::uint16_t crc16_en13757(ByteView bytes) {
  return crc16_en13757_finish(crc16_en13757_add(kCrc16En13757Start, bytes));
}

}  // namespace amity
