// Limits of C12 conversations.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/time.h"

namespace amity::c12 {

inline constexpr Duration kAckTimeout = std::chrono::seconds(2);               // C12.18 clause 4.6
inline constexpr Duration kCharacterTimeout = std::chrono::milliseconds(500);  // inside a packet
inline constexpr unsigned kPacketAttempts = 4;  // one and three again
inline constexpr std::size_t kEventsQueuedMax = 64;
inline constexpr std::size_t kOutputQueuedMax = 256 * 1024;
inline constexpr unsigned kProcedurePollsMax = 10;
inline constexpr std::size_t kServicesPerMessageMax = 16;  // a server answers
inline constexpr std::size_t kStreamBufferMax = 512 * 1024;

}  // namespace amity::c12
