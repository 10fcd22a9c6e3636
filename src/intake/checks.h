// What a delivery must pass at the door, without I/O.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "intake/intake.h"

namespace amity::intake {

// Removes what appears twice, exactly, keeping the first and the order.
void drop_repeats(std::vector<Reading>& readings);
// Moves the readings that may not be kept to `rejected`, with the reason. `owners` belongs to `readings`, none =
// unknown.
void reject_impossible(std::vector<Reading>& readings, std::span<const DeviceId> owners, UtcSeconds now,
                       std::vector<Rejected>& rejected, std::vector<DeviceId>& rejected_owners);
// The rejected readings as events, so that nothing that arrived is lost: channel, time, value, quality, reason in
// words. `owners` belongs to `rejected`: the devices they are filed under.
std::vector<Event> quarantine(std::span<const Rejected> rejected, std::span<const DeviceId> owners, UtcSeconds now,
                              const std::string& source);

}  // namespace amity::intake
