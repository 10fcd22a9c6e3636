// Reactive energy and power factor, in integers.
#pragma once

#include <cstdint>

namespace amity::mdm {

// P / sqrt(P^2 + Q^2) in per mille, rounded down; 1,000 where neither flowed.
std::int64_t power_factor_permille(std::int64_t active, std::int64_t reactive);
// Reactive energy beyond `tan_permille` of the active: max(0, |Q| - |P| x tan), rounded down.
std::int64_t excess_reactive(std::int64_t active, std::int64_t reactive, std::int64_t tan_permille);

}  // namespace amity::mdm
