// Limits of reading captures.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::pcap {

inline constexpr std::uint32_t kPacketBytesMax =
    256 * 1024;                                   // as the tools that write captures allow
inline constexpr std::size_t kFlowsMax = 65'536;  // directions of TCP connections in one capture
inline constexpr std::size_t kEarlySegmentsMax =
    1'024;  // of one flow, that wait for an earlier one

}  // namespace amity::pcap
