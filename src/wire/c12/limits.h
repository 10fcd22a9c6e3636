// Limits of the ANSI C12 room.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::c12 {

// C12.18 clause 4.4: what holds where nothing was negotiated.
inline constexpr std::uint16_t kPacketSizeDefault = 64;
inline constexpr std::uint8_t kPacketsDefault = 1;
inline constexpr std::uint16_t kPacketSizeMax = 8192;
inline constexpr std::size_t kPacketOverhead = 8;  // EE, identity, control, sequence, length, CRC

// One PSEM message, all its packets together; one ACSE APDU.
inline constexpr std::size_t kMessageBytesMax = 256 * 1024;

inline constexpr std::size_t kServicesMax = 64;       // in one EPSEM
inline constexpr std::size_t kObjectIdBytesMax = 64;  // encoded
inline constexpr std::size_t kTitlesMax = 32;         // in one trace
inline constexpr std::size_t kIndicesMax = 9;         // of a partial read by index
inline constexpr std::size_t kBaudRatesMax = 11;
inline constexpr std::size_t kKeysMax = 256;  // key ids are one byte

// A table as a whole, the steps its layout may take, and the values it may give.
inline constexpr std::size_t kTableBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kTableStepsMax = 1'000'000;
inline constexpr std::size_t kTableItemsMax = 1'000'000;

// What a decoder of recorded traffic remembers.
inline constexpr std::size_t kPendingRequestsMax = 1024;
inline constexpr std::size_t kMetersRememberedMax = 1024;

}  // namespace amity::c12
