// The same telegram reaches us through every collector that hears it: it counts once. And a meter
// that sends every second is kept once a minute.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "base/time.h"
#include "headend/heard/limits.h"
#include "model/ids.h"
#include "wire/report/report.h"

namespace amity::heard {

// What makes a telegram that telegram: its access number (and message counter), status and values.
std::uint64_t digest_of(const wire::Report& report);

class RepeatFilter {
 public:
  // True where this telegram of the device came within the last kRepeatWindow_s; else it is
  // remembered.
  bool repeated(DeviceId device, std::uint64_t digest, UtcSeconds now);
  // True once per device and kSlot_s.
  bool first_in_slot(DeviceId device, UtcSeconds time);
  // True once per device and kContactEvery_s.
  bool contact_due(DeviceId device, UtcSeconds now);
  // It was not kept after all: the next time it counts.
  void forget(DeviceId device) { devices_.erase(device); }

 private:
  struct Heard {
    std::uint64_t digest = 0;
    UtcSeconds at;
  };
  struct State {
    std::array<Heard, kRepeatsPerDevice> last{};
    std::size_t next = 0;
    std::int64_t slot = INT64_MIN;
    UtcSeconds contact;
  };
  std::unordered_map<DeviceId, State> devices_;  // registered ones alone
};

}  // namespace amity::heard
