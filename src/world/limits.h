// Every queue, list and size of the simulated world that could grow.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::world {

inline constexpr int kStepsPerDay = 96;           // the homes are computed in quarters of an hour
inline constexpr std::uint32_t kStepSeconds = 900;

inline constexpr std::size_t kReplayHomesMax = 1'000;
inline constexpr std::size_t kReplayRowsPerHomeMax = 200'000;
inline constexpr std::size_t kReplayFileBytesMax = 512u << 20;  // uncompressed
inline constexpr std::size_t kReplayLineMax = 128;

inline constexpr std::size_t kMetersMax = 250'000;

}  // namespace amity::world
