// What the commands exit with.
#pragma once

namespace amity::app {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitBadInput = 3;
inline constexpr int kExitRestart = 10;  // `amity edge`: another program is in place, start it again

}  // namespace amity::app
