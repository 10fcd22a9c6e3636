// Real homes as measured: `sgsc_50_customers_halfhourly.csv.xz`, replayed through virtual meters, Wh exactly.
//
// The stamps of the file carry no zone. They are standard time (UTC+10) all year: every day has 48 rows, also the two
// days a year when the wall clock of Sydney has 46 or 50, and the habits of all homes move by one hour against the
// stamps when summer time begins or ends (best match of the three weeks before and after: 2 half hours). On the first
// Sunday of October somebody pushed them through a zone library that knows no 02:00 and 02:30: those two rows are
// written an hour EARLIER, as second rows stamped 01:00 and 01:30, and the file was sorted afterwards.
// Hence: time = stamp - 10 h, and the second row of a repeated stamp is one hour later. So every row has its own
// instant and nothing is dropped (docs in README.md). A stamp is taken as the END of its half hour (not stated).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "world/statistics.h"

namespace amity::world {

inline constexpr std::uint32_t kReplayIntervalSeconds = 1'800;
inline constexpr std::int32_t kReplayOffsetSeconds = 36'000;

struct ReplayRow {
  UtcSeconds end;
  std::int32_t wh = 0;
  bool moved = false;  // the second row of a repeated stamp, put one hour later
};

struct ReplayHome {
  std::uint32_t customer = 0;
  std::vector<ReplayRow> rows;  // ascending by end, no two the same

  // The rows of (after, until].
  std::span<const ReplayRow> between(UtcSeconds after, UtcSeconds until) const;
};

struct Replay {
  std::vector<ReplayHome> homes;      // in the order of the file
  std::size_t rows = 0;               // of the file, all of them kept
  std::size_t moved = 0;
  std::vector<std::string> remarks;   // what was done with each repeated stamp, one line per day
};

// `csv` is the uncompressed file. Fails on the first row that it cannot place (with its line number).
Result<Replay> parse_replay(ByteView csv);
Result<Bytes> unpack_xz(ByteView compressed, std::size_t size_max);
// DIR/sgsc_50_customers_halfhourly.csv.xz
Result<Replay> load_replay(const std::string& directory);

// What the platform must hold after having read everything: one line per row of the file.
struct ExpectedInterval {
  std::uint32_t home = 0;  // index into Replay::homes
  UtcSeconds end;
  std::int32_t wh = 0;
};
std::vector<ExpectedInterval> expected_intervals(const Replay& replay, UtcSeconds after, UtcSeconds until);

// For comparison with the simulated homes: standard time, gaps as kMissing. `first_day` as figures_of() wants it.
HalfHourSeries series_of(const ReplayHome& home, std::int32_t& first_day);

}  // namespace amity::world
