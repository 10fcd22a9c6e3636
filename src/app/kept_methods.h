// How a value in a file came to be (NEM12's two digits: "E52", "S14"), kept beside the readings,
// which have no room for it, and written again on the way out. In the registry under
// "method/CHANNEL/DAY" (docs/formats/exchange.md): small, as few values are substitutes.
#pragma once

#include <map>

#include "store/registry.h"

namespace amity {

class KeptMethods {
 public:
  explicit KeptMethods(store::Registry& registry) : registry_(registry) {}

  // 0: none is kept.
  Result<std::uint8_t> at(ChannelId channel, UtcSeconds time);
  // What is kept of a value, or 0 where a file now says nothing. Durable after save().
  Status set(ChannelId channel, UtcSeconds time, std::uint8_t method);
  Status save();

 private:
  struct Day {
    std::map<std::uint32_t, std::uint8_t> methods;  // by seconds since the UTC day began
    bool changed = false;
  };
  using Days = std::map<std::int32_t, Day>;

  Result<Days*> days_of(ChannelId channel);

  store::Registry& registry_;
  std::map<ChannelId, Days> channels_;
};

}  // namespace amity
