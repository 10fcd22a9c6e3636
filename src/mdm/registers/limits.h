#pragma once

#include <cstddef>

namespace amity::mdm {

inline constexpr std::size_t kInstallationsMax = 1'000;      // meters that one service point had
inline constexpr std::size_t kMultiplierChangesMax = 1'000;  // of one installation
inline constexpr int kDialDigitsMax = 12;

}  // namespace amity::mdm
