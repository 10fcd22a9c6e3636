// What a TCP connection does about a peer that is gone without a word.
#pragma once

namespace amity::runtime {

// What was sent and is not acknowledged by then ends the connection (RFC 5482), and so does an idle
// one whose probes stay unanswered (RFC 1122, 4.2.3.6).
inline constexpr int kUnacknowledgedMax_ms = 120'000;
inline constexpr int kKeepAliveIdle_s = 300, kKeepAliveEvery_s = 30;

}  // namespace amity::runtime
