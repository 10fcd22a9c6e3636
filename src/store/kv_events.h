// Events over a Kv, with an index by time and the newest time per source. Written at once, not synced: the journal
// holds them, and replaying it changes nothing.
#pragma once

#include <mutex>

#include "store/events.h"
#include "store/kv.h"

namespace amity::store {

class KvEvents : public Events {
 public:
  explicit KvEvents(Kv& kv) : kv_(kv) {}

  Result<std::size_t> apply(std::span<const Event> events) override;
  Result<std::vector<Event>> of_device(DeviceId device, UtcSeconds after, UtcSeconds until,
                                       std::size_t limit) override;
  Result<std::vector<Event>> latest(std::size_t limit) override;
  Result<UtcSeconds> newest(DeviceId device, const std::string& source) override;

 private:
  Kv& kv_;
  std::mutex apply_mutex_;
};

}  // namespace amity::store
