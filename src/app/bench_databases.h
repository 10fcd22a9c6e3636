// The same readings in Amity's store, in SQLite and in PostgreSQL, for `amity bench store`. Each
// gets a directory of its own on the same disk and keeps its promise of durability: fsync at every
// commit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/bench_push.h"
#include "base/result.h"
#include "model/reading.h"
#include "world/replay.h"

namespace amity::app {

struct DatabaseLoad {
  PushShape push;                    // a day of quarter hours, interval by interval
  std::uint32_t month_channels = 0;  // each with a month of quarter hours, channel by channel
  std::uint32_t month_days = 0;
  std::uint32_t month_reads = 0;         // channel-months read, each channel once before that
  const world::Replay* homes = nullptr;  // half hours of real homes; none: not measured

  std::uint32_t channels() const { return push.meters * push.channels_per_meter; }
  double push_readings() const { return static_cast<double>(channels()) * push.intervals; }
  UtcSeconds month_end() const { return push.start + 86'400 * std::int64_t{month_days}; }
  // The channel of the nth read.
  std::uint32_t month_channel(std::uint32_t read) const {
    return 1 + read * 7'919u % month_channels;
  }
};

struct DatabaseFigures {
  double push_per_s = 0;  // readings durable and stored, of the interval by interval load
  double push_bytes = 0;  // per reading on disk, quality included
  double homes_bytes =
      0;  // per reading of the real homes on disk, quality included; 0: not measured
  double month_p50_ms = 0, month_p99_ms = 0;  // one channel-month, warm
  double day_per_s = 0;  // readings of all channels of one day read, per second of CPU time
};

// Every reading of the load, in the order it arrives.
using EachReading = std::function<void(std::uint32_t channel, UtcSeconds time, std::int64_t value)>;
void each_pushed(const PushShape& shape, std::uint32_t interval, const EachReading& visit);
void each_of_month(const DatabaseLoad& load, std::uint32_t channel, std::uint32_t day,
                   const EachReading& visit);
void each_of_homes(const world::Replay& homes, const EachReading& visit);

struct HomesOnDisk {
  double blocks = 0, bytes_per_reading = 0, bytes_per_reading_in_blocks = 0;
};
// Home by home; then what the blocks take, compacted.
HomesOnDisk store_homes(const world::Replay& homes);

DatabaseFigures measure_embedded(const DatabaseLoad& load);
DatabaseFigures measure_sqlite(const DatabaseLoad& load);
// COPY of binary rows through psql, reads by its own clock. Starts a server of its own on a socket
// file and ends it. kUnsupported where PostgreSQL is not installed.
Result<DatabaseFigures> measure_postgres(const DatabaseLoad& load);

// The middle and the 99th of a hundred.
void put_percentiles(std::vector<double>& ms, DatabaseFigures& figures);

}  // namespace amity::app
