// Identifiers of what a utility has. Dense integers, given by the registry, never reused.
#pragma once

#include "base/ids.h"

namespace amity {

using DeviceId = Id<struct DeviceTag>;              // a meter, or a concentrator
using ChannelId = Id<struct ChannelTag>;            // one measured quantity of one device
using ServicePointId = Id<struct ServicePointTag>;  // where energy or water is delivered
using TransformerId = Id<struct TransformerTag>;
using FeederId = Id<struct FeederTag>;
using CustomerId = Id<struct CustomerTag>;
using UserId = Id<struct UserTag>;
using CommandId = Id<struct CommandTag, std::uint64_t>;

}  // namespace amity
