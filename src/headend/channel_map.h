// From what a meter sends to channels of the registry.
#pragma once

#include <vector>

#include "headend/meter.h"
#include "headend/profile_rows.h"
#include "model/event.h"
#include "store/registry.h"

namespace amity::headend {

// The meter's channel for a column of a profile captured every `period_s` (0, or a day and more: registers); made
// where there is none. kConflict where unit or scaler differ: nothing is converted silently.
Result<ChannelId> channel_for(store::Registry& registry, Meter& meter, const Column& column, std::uint32_t period_s);

// The channels of a profile's value columns, in their order; 0 for one that fits none.
std::vector<ChannelId> bind_columns(store::Registry& registry, Meter& meter, const Profile& profile);
// One row's values. Columns without a channel are left out.
void append_readings(std::span<const ChannelId> channels, const Profile& profile, const ProfileRows& rows,
                     std::size_t row, std::vector<Reading>& out);

Event event_of(const Meter& meter, const Profile& log, const ProfileRow& row);

}  // namespace amity::headend
