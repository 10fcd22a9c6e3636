// Limits of concentrator reports.
#pragma once

#include <cstddef>

namespace amity::stg {

inline constexpr std::size_t kReportBytesMax = 64 * 1024 * 1024;
inline constexpr std::size_t kMetersMax = 20'000;         // of one concentrator
inline constexpr std::size_t kReadingsMax = 4'000'000;    // of one report
inline constexpr std::size_t kAttributesMax = 1'000'000;  // that are no readings, of one report
inline constexpr int kDepthMax = 8;                       // of elements below a meter

}  // namespace amity::stg
