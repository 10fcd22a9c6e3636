// Named limits of the real-socket runtime.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::runtime {

// One receive buffer per reactor, shared by all its connections: an idle connection holds none.
inline constexpr std::size_t kReceiveBufferBytes = 256 * 1024;
// Turns of one ready connection before the others get theirs.
inline constexpr int kReadsPerWake = 4;
inline constexpr int kAcceptsPerWake = 64;
inline constexpr int kDatagramsPerWake = 64;
inline constexpr std::size_t kDatagramBytesMax = 65'535;
inline constexpr int kListenBacklog = 4096;
// How long a closed stream may take to hand its queue to the kernel.
inline constexpr std::int64_t kCloseFlushMs = 10'000;
// Out of descriptors: accepting pauses this long instead of spinning.
inline constexpr std::int64_t kAcceptPauseMs = 100;
// Until the port has sent everything, a change of its line is tried again this often.
inline constexpr std::int64_t kSerialDrainPollMs = 2;
inline constexpr std::size_t kTlsRecordBytes = 16 * 1024;
inline constexpr std::size_t kTlsPathsMax = 1'000;  // kept of paths with files of their own

}  // namespace amity::runtime
