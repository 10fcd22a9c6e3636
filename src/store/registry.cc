#include "store/registry.h"

namespace amity::store {

Result<std::optional<Channel>> Registry::channel(ChannelId id) {
  AMITY_TRY(auto all, channels());
  for (Channel& c : all) {
    if (c.id == id) return std::optional(std::move(c));
  }
  return std::optional<Channel>();
}

}  // namespace amity::store
