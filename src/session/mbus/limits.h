// Every limit of the wired M-Bus sessions, by name.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/time.h"

namespace amity::mbus {

inline constexpr std::size_t kTelegramsPerReadMax = 32;  // of one meter's multi-telegram answer
inline constexpr unsigned kAttemptsMax = 10;             // sendings of one frame
inline constexpr std::size_t kEventsQueuedMax =
    1024;  // events nobody fetched; then the operation fails
// A frame that stops in the middle is given up after this silence.
inline constexpr Duration kFrameGapMax = std::chrono::milliseconds(100);

}  // namespace amity::mbus
