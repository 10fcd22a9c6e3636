// Limits of the SML decoder.
#pragma once

#include <cstddef>

namespace amity::sml {

inline constexpr std::size_t kFrameBytesMax = 64 * 1024;  // of one transport frame, as it travels
inline constexpr std::size_t kMessagesMax = 64;           // in one frame
inline constexpr std::size_t kListEntriesMax = 1024;      // of a list read into memory
inline constexpr int kDepthMax = 8;                       // of lists in lists, of trees
inline constexpr std::size_t kSplitterBytesMax = 2 * kFrameBytesMax;

}  // namespace amity::sml
