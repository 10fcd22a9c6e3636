// Limits of DLMS conversations.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace amity::dlms {

inline constexpr std::size_t kResponseBytesMax =
    4 * 1024 * 1024;  // one answer, all its blocks together
inline constexpr std::size_t kRequestBytesMax =
    1024 * 1024;                                     // one SET or ACTION, all its blocks together
inline constexpr std::size_t kRequestItemsMax = 64;  // attributes or methods in one request
inline constexpr std::size_t kEventsQueuedMax =
    256;  // events nobody fetched; later notifications are dropped
inline constexpr std::size_t kOutputQueuedMax =
    256 * 1024;  // bytes nobody fetched, pushes of a server
inline constexpr unsigned kStrayApdusMax =
    16;  // unexpected APDUs during one request before it is given up
inline constexpr unsigned kHdlcAttemptsMax =
    10;  // sendings of one frame, at most, whatever the configuration says
inline constexpr std::uint16_t kPduSizeMin =
    64;  // a peer that offers less cannot carry a ciphered block

// A session without anything under way gives its buffers and cipher contexts back after this time.
inline constexpr Duration kIdleShrinkDelay = std::chrono::seconds(2);

}  // namespace amity::dlms
