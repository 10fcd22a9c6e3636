// What both ends of a long Read know about its blocks. Private to the room.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/bytes.h"

namespace amity::dlms {

// The next block of `rest` for an APDU of `room` bytes: in front of the raw data stand tag, count,
// choice, last, number (2) and length (3).
inline ByteView next_read_block(ByteView rest, std::size_t room) {
  constexpr std::size_t kOverhead = 9;
  return rest.first(std::min(room > kOverhead ? room - kOverhead : 1, rest.size()));
}

}  // namespace amity::dlms
