// Handing what was gathered to the intake, from a conversation.
#pragma once

#include "headend/driver.h"

namespace amity::headend {

// Journals the events, then the readings, and empties both; acknowledged when this returns. Returns
// how many readings were accepted.
Task<Result<std::size_t>> hand_over(DriverContext& context, ReadingsArrived& readings,
                                    EventsArrived& events);

}  // namespace amity::headend
