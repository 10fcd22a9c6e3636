// What a file may make us keep in memory.
#pragma once

#include <cstddef>

namespace amity::exchange {

inline constexpr std::size_t kLineBytesMax = 1u << 20;  // a longer line is refused and skipped
inline constexpr std::size_t kFieldsMax = 20'000;       // of a line (CMEP: three for each interval)
inline constexpr std::size_t kSeriesMax = 1'000'000;    // of a file
inline constexpr std::size_t kRunsPerSeriesMax =
    4'096;  // stretches without a gap that are remembered
inline constexpr std::size_t kMultiplierChangesMax = 100;  // of a series, within a file
inline constexpr std::size_t kXmlPieceBytesMax = 16u
                                                 << 20;  // one entry of a feed, one meter reading
inline constexpr std::size_t kXmlDepthMax = 64;
inline constexpr std::size_t kXmlTagBytesMax = 65'536;
inline constexpr std::size_t kEspiHeldValuesMax = 1'000'000;  // waiting for their ReadingType
inline constexpr std::size_t kEspiEntriesMax = 200'000;       // readings and types of a feed
inline constexpr std::size_t kReasonTextMax = 240;  // description of a reason, as AEMO has it
inline constexpr std::size_t kProblemTextMax = 80;  // of the input, quoted in a reason

}  // namespace amity::exchange
