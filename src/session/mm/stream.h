// The messages of a byte stream, for both ends.
#pragma once

#include "wire/mm/message.h"

namespace amity::mm {

// Calls `take` with each whole message at the front of `input` and removes it; an error where the
// bytes are none.
template <class Take>
Status take_messages(Bytes& input, Take take) {
  std::size_t at = 0;
  Status status;
  while (at < input.size()) {
    const auto size = size_of(ByteView(input).subspan(at));
    if (!size.ok()) {
      status = size.error();
      break;
    }
    if (!*size) break;
    take(ByteView(input).subspan(at, **size));
    at += **size;
  }
  input.erase(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(at));
  return status;
}

}  // namespace amity::mm
