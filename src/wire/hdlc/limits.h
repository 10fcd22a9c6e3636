// Limits of the HDLC room.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::hdlc {

// The format field's length has 11 bits and counts everything between the flags.
inline constexpr std::size_t kFrameLengthMax = 2047;
// Format 2, addresses 1 + 1, control 1, FCS 2.
inline constexpr std::size_t kFrameLengthMin = 7;
// Between the flags, everything but the information field: format 2, addresses 4 + 4, control 1,
// HCS 2, FCS 2.
inline constexpr std::size_t kFrameOverheadMax = 15;
inline constexpr std::size_t kInformationBytesMax =
    kFrameLengthMax - 13;  // one-byte client address

// IEC 62056-46, 6.4.4.4.3.2: what holds where nothing was negotiated, and the largest window.
inline constexpr std::uint16_t kInformationBytesDefault = 128;
inline constexpr std::uint8_t kWindowDefault = 1;
inline constexpr std::uint8_t kWindowMax = 7;

// A message put together from segments (of I or UI frames).
inline constexpr std::size_t kMessageBytesMax = 70'000;

}  // namespace amity::hdlc
