// The link layer of wireless M-Bus (EN 13757-4, 12.3): frame format A (a CRC after the first ten
// bytes and after every sixteen that follow), frame format B (one or two CRCs that the L-field
// counts), or what receivers hand out with the CRCs taken off.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "wire/mbus/address.h"

namespace amity::mbus {

enum class FrameFormat : std::uint8_t { kStripped, kA, kB };

struct WirelessFrame {
  FrameFormat format = FrameFormat::kStripped;
  std::uint8_t control = 0;  // C-field
  Address address;           // M-field and A-field
  ByteView bytes;            // L-field to the end, without CRCs
};

inline constexpr std::size_t kWirelessHeadBytes = 10;  // L, C, M, A

// Recognises the format by itself. `scratch` holds the bytes where CRCs had to be taken out, and
// must outlive the frame. Error: truncated, malformed, or the block whose CRC is wrong.
Result<WirelessFrame> wireless_frame_from(ByteView frame, Bytes& scratch);

// Where a byte of WirelessFrame::bytes stands in the frame as it was given.
std::size_t original_offset(FrameFormat format, std::size_t stripped_offset);
// The CRCs that stand in a frame of this format and number of stripped bytes: calls
// each(offset in the frame as given); each is two bytes.
template <class Each>
void for_each_crc(FrameFormat format, std::size_t stripped_size, Each each);

// From C-field on: C, M, A, CI, ... The L-field is set. At most 245 bytes in format A, 251 in B.
Result<Bytes> wireless_frame(FrameFormat format, ByteView control_to_end);

// It has a length that fits one of the formats, a control field of the standard and a manufacturer
// of three letters.
bool looks_like_wmbus(ByteView frame);
// Of its first kWirelessHeadBytes alone: a control field of the standard, three letters.
bool looks_like_wmbus_head(ByteView head);
// Bytes of the whole frame by its first twelve: with the CRCs of format A where the first of them
// fits, else as the L-field says.
std::size_t wireless_frame_bytes(ByteView first_twelve);

// ---- implementation ----

inline constexpr std::size_t kBlockABytes = 16;
inline constexpr std::size_t kFirstPartBBytes = 126;  // of blocks 1 and 2, before their CRC

template <class Each>
void for_each_crc(FrameFormat format, std::size_t stripped_size, Each each) {
  if (format == FrameFormat::kA) {
    std::size_t at = kWirelessHeadBytes;
    each(at);
    for (std::size_t done = kWirelessHeadBytes; done < stripped_size; done += kBlockABytes) {
      const std::size_t left = stripped_size - done;
      at += 2 + (left < kBlockABytes ? left : kBlockABytes);
      each(at);
    }
  } else if (format == FrameFormat::kB) {
    if (stripped_size > kFirstPartBBytes) {
      each(kFirstPartBBytes);
      each(stripped_size + 2);
    } else {
      each(stripped_size);
    }
  }
}

}  // namespace amity::mbus
