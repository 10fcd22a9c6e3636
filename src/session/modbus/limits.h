// Limits of Modbus sessions.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/time.h"

namespace amity::modbus {

inline constexpr std::size_t kStreamBytesMax = 4'096;
inline constexpr unsigned kAttemptsMax = 10;
inline constexpr std::size_t kQueueMax = 1'000;  // requests waiting

}  // namespace amity::modbus
