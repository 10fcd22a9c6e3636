// The link layer of wired M-Bus (EN 13757-2): single character E5, short frame 10 C A CS 16, long
// frame 68 L L 68 C A CI ... CS 16. CS is the sum of the bytes from C on.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace amity::mbus {

inline constexpr std::uint8_t kAckByte = 0xE5;
inline constexpr std::size_t kWiredFrameBytesMax = 255 + 6;

// Control fields, without the frame count bits.
inline constexpr std::uint8_t kSndNke = 0x40;
inline constexpr std::uint8_t kSndUd = 0x53;
inline constexpr std::uint8_t kReqUd1 = 0x5A;
inline constexpr std::uint8_t kReqUd2 = 0x5B;
inline constexpr std::uint8_t kRspUd = 0x08;
inline constexpr std::uint8_t kFrameCountBit = 0x20;
inline constexpr std::uint8_t kFrameCountValid = 0x10;

// Primary addresses with a meaning of their own.
inline constexpr std::uint8_t kAddressUnconfigured = 0;
inline constexpr std::uint8_t kPrimaryAddressMax = 250;
inline constexpr std::uint8_t kAddressSelected =
    253;                                           // the slave selected by its secondary address
inline constexpr std::uint8_t kAddressTest = 254;  // every slave answers
inline constexpr std::uint8_t kAddressBroadcast = 255;  // none answers

struct WiredFrame {
  enum class Kind : std::uint8_t { kAck, kShort, kLong };
  Kind kind = Kind::kAck;
  std::uint8_t control = 0;
  std::uint8_t address = 0;
  ByteView user_data;  // CI-field and what follows; empty but in long frames
  std::size_t size = 0;
};

// Exactly one frame.
Result<WiredFrame> wired_frame_from(ByteView frame);

// The frame at the front of a stream. nullopt: more bytes are needed. Error: none starts here.
Result<std::optional<WiredFrame>> next_wired_frame(ByteView stream);

Bytes short_frame(std::uint8_t control, std::uint8_t address);
// `user_data` is CI and what follows, at most 253 bytes (kLimit).
Result<Bytes> long_frame(std::uint8_t control, std::uint8_t address, ByteView user_data);

// It has the shape of a long or short frame; the checksum is not looked at.
bool looks_like_mbus(ByteView frame);

}  // namespace amity::mbus
