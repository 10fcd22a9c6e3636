// Integers of any width up to 64 bits, packed without gaps, least significant bit first.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace amity::store {

class BitWriter {
 public:
  explicit BitWriter(Bytes& out) : out_(out) {}
  ~BitWriter() { flush(); }
  BitWriter(const BitWriter&) = delete;
  BitWriter& operator=(const BitWriter&) = delete;

  // The bits of `value` above `width` must be zero.
  void put(std::uint64_t value, unsigned width) {
    if (width > 32) {
      put_short(value & 0xFFFF'FFFFu, 32);
      put_short(value >> 32, width - 32);
    } else {
      put_short(value, width);
    }
  }
  // Pads with zeros to a whole byte.
  void flush() {
    for (; used_ > 0; used_ = used_ > 8 ? used_ - 8 : 0, held_ >>= 8) out_.push_back(static_cast<std::uint8_t>(held_));
    held_ = 0;
  }

 private:
  void put_short(std::uint64_t value, unsigned width) {
    held_ |= value << used_;
    used_ += width;
    if (used_ < 32) return;
    const std::uint8_t four[4] = {static_cast<std::uint8_t>(held_), static_cast<std::uint8_t>(held_ >> 8),
                                  static_cast<std::uint8_t>(held_ >> 16), static_cast<std::uint8_t>(held_ >> 24)};
    out_.insert(out_.end(), four, four + 4);
    held_ >>= 32;
    used_ -= 32;
  }
  Bytes& out_;
  std::uint64_t held_ = 0;
  unsigned used_ = 0;  // below 32 between calls
};

// Reads what BitWriter wrote. The caller has checked that the bits are there (bits_left).
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  std::size_t bits_left() const { return bytes_.size() * 8 - position_; }
  std::size_t bytes_used() const { return (position_ + 7) / 8; }
  std::uint64_t get(unsigned width) {
    if (width > 32) {
      const std::uint64_t low = get_short(32);
      return low | (get_short(width - 32) << 32);
    }
    return get_short(width);
  }

 private:
  std::uint64_t get_short(unsigned width) {
    const std::size_t byte = position_ / 8;
    const unsigned shift = position_ % 8;
    std::uint64_t word = 0;
    if (byte + 8 <= bytes_.size()) {
      std::memcpy(&word, bytes_.data() + byte, 8);  // little-endian machines only, as everywhere in this room
    } else {
      for (std::size_t i = byte; i < bytes_.size(); ++i) word |= std::uint64_t{bytes_[i]} << (8 * (i - byte));
    }
    position_ += width;
    return (word >> shift) & ((std::uint64_t{1} << width) - 1);
  }
  ByteView bytes_;
  std::size_t position_ = 0;
};

}  // namespace amity::store
