// A meter exchange as the journal tells it: the last register readings of the meter that went and
// the first of the one that came (ReadingsArrived), then an event of each (EventsArrived), both of
// this source. Master data have it before.
#pragma once

#include <functional>

#include "api/services.h"
#include "store/store.h"

namespace amity::roles {

inline constexpr const char* kExchangeSource = "exchange";

using MeterExchange = api::MeterExchangeRequest;

// Records it: master data, then the journal. The same again changes nothing and is told again.
// `done` runs once it is durable, or with the refusal: a register below one that was read before,
// a channel of another meter, a meter that does not hang there.
void record_exchange(store::Store& store, UtcSeconds now, const MeterExchange& exchange,
                     std::function<void(Status)> done);

}  // namespace amity::roles
