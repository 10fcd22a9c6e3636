// Limits of the HTTP grammar.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::api {

inline constexpr std::uint32_t kHeaderBytesMax = 16 * 1024;  // request line and all fields
inline constexpr std::size_t kHeaderCountMax = 64;
inline constexpr std::size_t kBodyBytesMax = 64 * 1024;
inline constexpr std::size_t kTargetBytesMax = 4096;
inline constexpr std::size_t kQueryParametersMax = 32;
inline constexpr std::size_t kPathSegmentsMax = 12;

}  // namespace amity::api
