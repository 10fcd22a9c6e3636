// Compact frames (EN 13757-3, annex G) carry values without their heads: the heads are known from
// an earlier full frame or format frame with the same signature. This remembers them, bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/bytes.h"
#include "wire/mbus/limits.h"

namespace amity::mbus {

class FormatCache {
 public:
  // The heads of a full frame's records, one after the other.
  void learn(std::uint16_t manufacturer, ByteView heads);
  // A format frame's payload. False where its signature fits nothing in it.
  bool learn_format_frame(std::uint16_t manufacturer, ByteView payload);

  // The full frame's records for a compact payload (signature, CRC of the full frame, values).
  // kNotFound: the format was not seen yet, and is none of those known beforehand; kMalformed: the
  // CRC says that these are not the values.
  Status expand(std::uint16_t manufacturer, ByteView compact, Bytes& records);

  std::size_t size() const { return formats_.size(); }

 private:
  struct Format {
    Bytes heads;
    std::uint64_t used = 0;
  };

  bool learn_known(std::uint16_t manufacturer, std::uint16_t signature);

  std::unordered_map<std::uint32_t, Format> formats_;  // by manufacturer and signature
  std::uint64_t clock_ = 0;
  // The last that was learnt: most telegrams of a fleet are of the same few formats.
  Bytes last_heads_;
  std::uint16_t last_manufacturer_ = 0;
};

// The signature of a format: CRC over the heads of its records.
std::uint16_t format_signature(ByteView heads);
// Heads of the records, without filler and manufacturer's data; false where they do not parse.
bool append_heads(ByteView records, Bytes& heads);

}  // namespace amity::mbus
