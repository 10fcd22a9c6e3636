// The content of a DataNotification as readings and events.
#pragma once

#include "headend/meter.h"
#include "model/facts.h"
#include "session/dlms/client.h"
#include "store/registry.h"

namespace amity::headend {

struct PushContent {
  std::vector<Reading> readings;
  std::vector<Event> events;
  std::vector<UtcSeconds> load_times;  // of load profile rows, for the reading's progress
  std::size_t quarantined = 0;         // rows and values with an impossible time
};

// Understood by the meter's push set-ups (same number of elements); otherwise an element that looks like rows of its
// load profile is taken as such. kUnsupported when nothing fits. Times outside (oldest, newest] are quarantined.
Result<PushContent> parse_push(store::Registry& registry, Meter& meter, const dlms::Notification& notification,
                               UtcSeconds received, UtcSeconds oldest, UtcSeconds newest);

}  // namespace amity::headend
