// Limits of what is heard, by name.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::heard {

inline constexpr std::size_t kConnectionsMax = 2'000;       // of collectors, per listener
inline constexpr std::size_t kDatagramBytesMax = 8 * 1024;  // of frames in one datagram
inline constexpr std::size_t kGarbageBytesMax = 4 * 1024;   // since the last whole frame: cut off
inline constexpr std::int64_t kFrameTimeout_ms = 10'000;    // from its first byte to its last
inline constexpr std::int64_t kConnectionIdle_ms =
    3'600'000;                                         // a collector without meters in reach
inline constexpr std::int64_t kRepeatWindow_s = 300;   // a telegram heard twice within is one
inline constexpr std::size_t kRepeatsPerDevice = 4;    // telegrams remembered for that
inline constexpr std::int64_t kSlot_s = 60;            // a meter that never stops is kept once
inline constexpr std::int64_t kContactEvery_s = 900;   // being heard is a contact, so often
inline constexpr std::size_t kDeliveriesMax = 50'000;  // under way to the intake
inline constexpr std::size_t kCoapExchangesMax = 20'000;
inline constexpr std::int64_t kCoapExchange_s = 247;  // EXCHANGE_LIFETIME of RFC 7252, 4.8.2
inline constexpr std::size_t kCoapTransfersMax = 500;
inline constexpr std::int64_t kCoapTransfer_s = 120;  // of a payload in blocks
inline constexpr std::size_t kStgStateBytesMax =
    64 * 1024;  // of what a concentrator says of itself
inline constexpr std::size_t kDropFileBytesMax = 64 * 1024 * 1024;
inline constexpr std::size_t kDropFilesAtOnce = 4;
inline constexpr std::int64_t kDropLook_ms = 2'000;  // a file that rests so long is whole
inline constexpr std::size_t kUplinkBytesMax = 256 * 1024;
inline constexpr std::int64_t kAddressesAge_s =
    30;  // the registry is asked for new devices so often
inline constexpr std::size_t kSourcesMax = 100;

inline constexpr std::int64_t kSourceConnect_ms = 10'000;  // to a receiver that is opened
inline constexpr std::int64_t kSourceRetry_ms = 5'000;     // until it is tried again

}  // namespace amity::heard
