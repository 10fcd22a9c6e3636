// How long characters take on the line.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace amity::iec62056_21 {

// Ten bits a character: start, seven, parity, stop.
constexpr Duration sending_time(std::size_t bytes, int baud) {
  return Duration(static_cast<std::int64_t>(bytes) * 10'000'000 / baud);
}

}  // namespace amity::iec62056_21
