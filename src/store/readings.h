// Where readings are kept: blocks keyed (channel, UTC day). Idempotent on (channel, time): the same reading twice
// changes nothing, nor does one that a correction has replaced when it comes again; another value for the same time is
// kept as a later raw version and the newest is what read() gives.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model/reading.h"

namespace amity::store {

struct ApplyResult {
  std::size_t added = 0;      // times not seen before
  std::size_t repeated = 0;   // identical to what is there
  std::size_t corrected = 0;  // another value or quality for a known time
  std::size_t refused = 0;    // times beyond the calendar kept here
};

struct ChannelSpan {
  UtcSeconds first, last;  // of the readings kept; both 0 when there are none
};

class Readings {
 public:
  virtual ~Readings() = default;

  // Applies readings that the journal already holds. `journal_sequence` makes a replay harmless.
  virtual Result<ApplyResult> apply(std::uint64_t journal_sequence, std::span<const Reading> readings) = 0;
  // Ascending by time, after < time <= until: an interval is named by its end.
  virtual Result<std::vector<Reading>> read(ChannelId channel, UtcSeconds after, UtcSeconds until) = 0;
  // The same times, each with the first raw value that came for it: what the versions of final.h start from.
  virtual Result<std::vector<Reading>> read_first(ChannelId channel, UtcSeconds after, UtcSeconds until) {
    (void)channel, (void)after, (void)until;
    return make_error(ErrorCode::kUnsupported, "these readings keep no first values");
  }
  virtual Result<ChannelSpan> span(ChannelId channel) = 0;
  // Every reading of one UTC day, channel by channel, ascending: for completeness, aggregation, export.
  virtual Status scan_day(UtcDay day, const std::function<void(ChannelId, std::span<const Reading>)>& visit) = 0;
  // Earlier raw versions of one reading, oldest first, the current one last.
  virtual Result<std::vector<Reading>> versions(ChannelId channel, UtcSeconds time) = 0;
  // Makes everything applied durable in blocks (the journal can then be trimmed up to the returned sequence).
  virtual Result<std::uint64_t> checkpoint() = 0;
};

}  // namespace amity::store
