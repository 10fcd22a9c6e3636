// What the commands exit with.
#pragma once

namespace amity::app {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitBadInput = 3;

}  // namespace amity::app
