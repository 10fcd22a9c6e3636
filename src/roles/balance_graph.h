// Which meters are beneath which sum: transformers and feeders, areas and classes of customers by
// commodity, and virtual meters by name. Made from the registry and the definitions.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mdm/aggregate/virtual_graph.h"
#include "model/channel.h"
#include "roles/balance_definitions.h"
#include "store/registry.h"

namespace amity::roles {

struct BalanceNode {
  api::BalanceRow about;
  ChannelId id;
  std::vector<std::pair<ChannelId, bool>> inputs;    // real channels beneath; true: feeds in
  std::vector<std::pair<ChannelId, bool>> supplies;  // what measures what is fed in; the same
  std::uint64_t without = 0;  // meters that keep nothing which could be summed by day
};

// A real channel and how its values become Wh or litres.
struct BalanceInput {
  Channel channel;
  std::int64_t divisor = 1;  // 3,600 of joules
  int exponent = 0;          // of the channel's values in Wh (J) or litres
};

struct BalanceGraph {
  std::vector<BalanceNode> nodes;
  std::unordered_map<ChannelId, BalanceInput> inputs;
  mdm::VirtualGraph graph;
};

// kInvalid or kNotFound with the reason: a circle with its path, an unknown input, units that
// differ.
Result<BalanceGraph> build_balance_graph(store::Registry& registry,
                                         const BalanceDefinitions& definitions);

// The locality of an address: what follows its last comma.
std::string area_of(const std::string& address);

// A value of the channel, times `multiplier`, in Wh or litres; half away from zero.
std::int64_t in_units(const BalanceInput& input, std::int64_t value, std::int64_t multiplier);

}  // namespace amity::roles
