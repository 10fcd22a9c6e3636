#include "session/dlms/counters.h"

#include <fmt/core.h>

namespace amity::dlms {

Result<std::uint32_t> MemoryCounters::next_own() {
  if (next_ >= kInvocationCounterMax) {
    return make_error(ErrorCode::kLimit,
                      "the invocation counter is used up: this key needs to be changed");
  }
  return next_++;
}

Status MemoryCounters::accept_peer(std::uint32_t counter) {
  if (counter <= peer_mark_) {
    return make_error(
        ErrorCode::kSecurity,
        fmt::format("invocation counter {} was used before (highest {})", counter, peer_mark_));
  }
  peer_mark_ = counter;
  return {};
}

}  // namespace amity::dlms
