// Limits of IEC 62056-21 sessions.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/time.h"

namespace amity::iec62056_21 {

inline constexpr std::size_t kStreamBytesMax = 2 << 20;  // kept of what arrives
inline constexpr unsigned kAttemptsMax = 10;
inline constexpr Duration kReactionMax =
    std::chrono::milliseconds(2'200);  // tr and tt, clause 6.3.14
// After a readout a reader waits so long for the meter to wait no more for a NAK.
inline constexpr Duration kReadoutRest = kReactionMax + std::chrono::milliseconds(300);
inline constexpr Duration kServerIdleMax = std::chrono::seconds(120);  // then the meter signs off

}  // namespace amity::iec62056_21
