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

// What was read on the spot, by channel, in raw integers.
using RegistersRead = std::vector<std::pair<ChannelId, std::int64_t>>;
// Each is a register of the meter and, where `last`, none was read higher before.
Status check_registers(store::Store& store, DeviceId device, bool last, UtcSeconds at,
                       const RegistersRead& registers);
// To the journal: the registers first, then what happened.
void tell_with_registers(store::Store& store, ReadingsArrived registers, EventsArrived events,
                         std::function<void(Status)> done);

inline constexpr std::int64_t kToldAhead_s = 300;  // of clocks that differ

// Records it: master data, then the journal. The same again changes nothing and is told again.
// `done` runs once it is durable, or with the refusal: a register below one that was read before,
// a channel of another meter, a meter that does not hang there.
void record_exchange(store::Store& store, UtcSeconds now, const MeterExchange& exchange,
                     std::function<void(Status)> done);

}  // namespace amity::roles
