// What hosts of the virtual world do about peers that are gone without a word.
#pragma once

#include <chrono>

namespace amity::world {

// A TCP connection ends after what was sent is not acknowledged for so long, or, idle, when its
// probes stay unanswered (as src/runtime asks of a real one).
inline constexpr std::chrono::seconds kUnacknowledged{120}, kUnanswered{420};

inline constexpr std::chrono::seconds kCollectorRetryMax{300};  // between two connections
// Sent telegrams are kept until a connection that had lost them would have ended.
inline constexpr std::chrono::seconds kCollectorUnsure{150};

}  // namespace amity::world
