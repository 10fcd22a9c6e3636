// A meter's CT and VT ratios become others, as the journal tells it: its registers as they were
// read then (ReadingsArrived), then an event (EventsArrived), both of this source. Master data have
// it before. Raw values stay as they are: what is reckoned from them changes.
#pragma once

#include <functional>

#include "api/services.h"
#include "store/store.h"

namespace amity::roles {

inline constexpr const char* kRatioSource = "ratios";

// Records it: master data with who and why, then the journal. The same again changes nothing and is
// told again. `done` runs once it is durable, or with the refusal: an instant before the meter hung
// there or in the future, ratios out of range, a register below one that was read before.
void record_ratio_change(store::Store& store, UtcSeconds now,
                         const api::RatioChangeRequest& request, std::function<void(Status)> done);

}  // namespace amity::roles
