// Every limit of Meters and More, by name.
#pragma once

#include <cstddef>

namespace amity::mm {

inline constexpr std::size_t kDataBytesMax = 4'096;  // of one message
inline constexpr std::size_t kReasonBytesMax = 256;  // of a refusal

}  // namespace amity::mm
