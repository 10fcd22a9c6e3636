// Where events are kept: keyed (device, time). Idempotent: an event with the same device, time, source and code is one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/event.h"

namespace amity::store {

class Events {
 public:
  virtual ~Events() = default;
  virtual Result<std::size_t> apply(std::span<const Event> events) = 0;  // how many were new
  // Newest first, at most `limit`, after < time <= until.
  virtual Result<std::vector<Event>> of_device(DeviceId device, UtcSeconds after, UtcSeconds until,
                                               std::size_t limit) = 0;
  virtual Result<std::vector<Event>> latest(std::size_t limit) = 0;
  // Time of the newest event of one source (a meter's log), 0 for none: the next read starts there.
  virtual Result<UtcSeconds> newest(DeviceId device, const std::string& source) = 0;
};

}  // namespace amity::store
