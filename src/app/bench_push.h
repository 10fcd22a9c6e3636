// The pattern every meter's push makes: one message per meter and interval, interval by interval,
// so that each channel gets one reading at a time.
#pragma once

#include <cstdint>

#include "intake/intake.h"

namespace amity::app {

struct PushShape {
  std::uint32_t meters = 0, channels_per_meter = 0, intervals = 0, producers = 0;
  UtcSeconds start;  // of the first quarter hour
};

struct PushCount {
  std::uint64_t acknowledged = 0;  // readings, durable
  std::uint64_t failed = 0;        // messages
};

constexpr std::int64_t kPushInterval_s = 900;

// The load of one interval: a few hundred Wh that change with meter and time; channel 3 of a meter
// is a voltage.
std::int64_t push_value(std::uint32_t meter, std::uint32_t channel, std::uint32_t interval);

// As many messages in flight as a listener would allow; returns when all are answered. Channels are
// numbered densely from 1, meter by meter, as add_bench_fleet() makes them.
PushCount push_all(intake::Intake& intake, const PushShape& shape);

}  // namespace amity::app
