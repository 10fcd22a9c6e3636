// The transport layer of SML (BSI TR-03109-1 annex IV, "SML transport protocol version 1"):
//
//   1B1B1B1B 01010101 | payload, 1B1B1B1B in it doubled | 00 up to a multiple of 4 |
//   1B1B1B1B 1A | number of 00 | CRC, low byte first
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/stream_buffer.h"
#include "wire/sml/limits.h"

namespace amity::sml {

// CRC-16/X-25 as the standard says; some meters send CRC-16/KERMIT.
enum class Crc : std::uint8_t { kX25, kKermit };
std::string_view to_string(Crc crc);

struct Payload {
  ByteView bytes;  // of the frame itself, or of `scratch` where escapes had to be removed
  Crc crc = Crc::kX25;
};

// Exactly one frame.
Result<Payload> open_frame(ByteView frame, Bytes& scratch);
// Appends.
void encode_frame(ByteView payload, Crc crc, Bytes& out);

// Where the next frame of a recording lies.
struct FrameSpan {
  std::size_t offset = 0, size = 0;
  bool complete =
      false;  // false: it runs to the end of the recording, or to the next frame's start
};
std::optional<FrameSpan> find_frame(ByteView recording, std::size_t from);

// From a stream that may begin anywhere, with noise and losses, to whole frames.
class FrameSplitter {
 public:
  // Bytes beyond kSplitterBytesMax that form no frame are dropped, oldest first.
  void add(ByteView bytes) { stream_.add(bytes); }
  // The next whole frame, CRC not yet looked at; valid until the next call of either.
  std::optional<ByteView> next();
  std::size_t dropped_bytes() const { return stream_.dropped_bytes(); }

 private:
  StreamBuffer stream_{kSplitterBytesMax};
};

}  // namespace amity::sml
