#include "base/crc.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

std::uint16_t add_sliced(const Slices& t, std::uint16_t state, ByteView bytes) {
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

// x^n modulo the polynomial, as a factor of half a vector: a carry-less product of reflected
// numbers comes out one place too low, hence n - 1.
constexpr std::uint64_t make_factor(std::uint16_t reflected_polynomial, int n) {
  unsigned value = 0x8000;
  for (int i = 1; i < n; ++i)
    value = (value & 1) ? (value >> 1) ^ reflected_polynomial : value >> 1;
  return std::uint64_t{value} << 48;
}

constexpr std::size_t kVectorBytes = 16, kLanes = 4, kFoldedBytesMin = kLanes * kVectorBytes;

// What moves a vector over the lanes' width, and over its own: for its first half and its second.
struct Factors {
  std::uint64_t far[2], near[2];
};
constexpr Factors make_factors(std::uint16_t polynomial) {
  return {{make_factor(polynomial, 512 + 64), make_factor(polynomial, 512)},
          {make_factor(polynomial, 128 + 64), make_factor(polynomial, 128)}};
}

struct Algorithm {
  Slices slices;
  Factors factors;
};
constexpr Algorithm make_algorithm(std::uint16_t polynomial) {
  return {make_slices(polynomial), make_factors(polynomial)};
}
constexpr Algorithm kCcitt = make_algorithm(0x8408);
constexpr Algorithm kArc = make_algorithm(0xA001);

#if defined(__x86_64__)

[[gnu::target("pclmul")]] inline __m128i load(const std::uint8_t* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

// `vector` moved, and what stands at its new place.
[[gnu::target("pclmul")]] inline __m128i fold(__m128i vector, __m128i factors, __m128i there) {
  return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(vector, factors, 0x00),
                                     _mm_clmulepi64_si128(vector, factors, 0x11)),
                       there);
}

// Carry-less multiplication moves what was read onto what follows, until one vector is left that
// has the same remainder; the tables do the rest.
[[gnu::target("pclmul")]] std::uint16_t add_folded(const Algorithm& algorithm, std::uint16_t state,
                                                   ByteView bytes) {
  const std::uint8_t* p = bytes.data();
  const std::uint8_t* const end = p + bytes.size();
  __m128i first = _mm_xor_si128(load(p), _mm_cvtsi32_si128(state));
  __m128i second = load(p + kVectorBytes), third = load(p + 2 * kVectorBytes),
          fourth = load(p + 3 * kVectorBytes);
  p += kFoldedBytesMin;
  const __m128i far = load(reinterpret_cast<const std::uint8_t*>(algorithm.factors.far));
  for (; end - p >= static_cast<std::ptrdiff_t>(kFoldedBytesMin); p += kFoldedBytesMin) {
    first = fold(first, far, load(p));
    second = fold(second, far, load(p + kVectorBytes));
    third = fold(third, far, load(p + 2 * kVectorBytes));
    fourth = fold(fourth, far, load(p + 3 * kVectorBytes));
  }
  const __m128i near = load(reinterpret_cast<const std::uint8_t*>(algorithm.factors.near));
  __m128i all = fold(fold(fold(first, near, second), near, third), near, fourth);
  for (; end - p >= static_cast<std::ptrdiff_t>(kVectorBytes); p += kVectorBytes)
    all = fold(all, near, load(p));
  std::array<std::uint8_t, kVectorBytes> left;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(left.data()), all);
  const std::uint16_t folded = add_sliced(algorithm.slices, 0, left);
  return add_sliced(algorithm.slices, folded, ByteView(p, end));
}

const bool kFolds = __builtin_cpu_supports("pclmul");

std::uint16_t add(const Algorithm& algorithm, std::uint16_t state, ByteView bytes) {
  if (bytes.size() >= kFoldedBytesMin && kFolds) return add_folded(algorithm, state, bytes);
  return add_sliced(algorithm.slices, state, bytes);
}

#else

std::uint16_t add(const Algorithm& algorithm, std::uint16_t state, ByteView bytes) {
  return add_sliced(algorithm.slices, state, bytes);
}

#endif

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
  for (const std::uint8_t byte : bytes) crc = ((crc << 8) & 0xFFFF) ^ kEn13757[(crc >> 8) ^ byte];
  return static_cast<std::uint16_t>(crc);
}
std::uint16_t crc16_en13757(ByteView bytes) {
  return crc16_en13757_finish(crc16_en13757_add(kCrc16En13757Start, bytes));
}

}  // namespace amity
