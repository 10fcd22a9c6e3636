// Where final values are kept: per channel and local day what validation found, and the versions
// of the intervals whose final value is not the first raw one. An interval that was right from the
// beginning takes nothing. docs/formats/final_day.md.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/facts.h"
#include "store/readings.h"

namespace amity::store {

// A day with everything that was ever decided about it, oldest first.
struct FinalDay {
  VeeDay day;  // as the newest decision left it
  struct Step {
    Decision decision;
    std::vector<FinalVersion> versions;  // ascending by time
  };
  std::vector<Step> steps;

  // The newest version of an interval; null where its final value is the first raw one, or nothing.
  const FinalVersion* newest(UtcSeconds time) const;
  bool is_open(UtcSeconds time) const;
};

class Finals {
 public:
  virtual ~Finals() = default;

  // Apply facts that the journal already holds. A revision that is there changes nothing.
  virtual Status apply(const ReadingsFinal& fact) = 0;
  virtual Status apply(const EditChanged& fact) = 0;

  virtual Result<std::optional<FinalDay>> day(ChannelId channel, std::int32_t day) = 0;
  // Days first .. last that are there, ascending.
  virtual Result<std::vector<FinalDay>> days(ChannelId channel, std::int32_t first,
                                             std::int32_t last) = 0;
  // Every day that is not clean and not accepted, by date, then by channel.
  virtual Status each_exception(const std::function<void(const VeeDay&)>& visit) = 0;

  virtual Result<std::optional<Edit>> edit(EditId id) = 0;
  // Newest first, of ids below `before` (none: from the newest).
  virtual Result<std::vector<Edit>> edits(EditId before, std::size_t limit) = 0;
  // Proposed or approved, oldest first.
  virtual Result<std::vector<Edit>> open_edits() = 0;
  virtual Result<EditId> newest_edit() = 0;

  // What the department remembers between days, by name. Not synced: a crash may bring back an
  // earlier one, never a part of one.
  virtual Status save_states(std::span<const std::pair<std::string, Bytes>> states) = 0;
  virtual Status each_state(
      const std::string& prefix,
      const std::function<void(const std::string& name, ByteView state)>& visit) = 0;
};

struct FinalPoint {
  Reading reading;  // value and time; quality as the meter gave it, estimated and edited marked
  FinalValue final;
  std::uint32_t version = 1;
};

struct FinalSeries {
  std::vector<FinalPoint> points;  // ascending
  std::vector<Reading> unsettled;  // raw readings of days that are not validated yet; ascending
  std::size_t pending = 0;         // as many, and open intervals
};

// What is billed of an interval channel: after < time <= until.
Result<FinalSeries> final_series(Readings& readings, Finals& finals, ChannelId channel,
                                 UtcSeconds after, UtcSeconds until);

// One day as its decisions up to `revision` left it: what a bill of then was made of. An interval that
// was open then and got the meter's own value later is there with that value.
Result<FinalSeries> final_day_at(Readings& readings, Finals& finals, ChannelId channel,
                                 std::int32_t day, std::uint32_t revision);

// Every version of one interval, oldest first; the first raw value with the decision that made it
// final. Empty while the day is not validated or the interval never had a value.
struct VersionStep {
  FinalVersion version;
  Decision decision;
};
Result<std::vector<VersionStep>> version_history(Readings& readings, Finals& finals,
                                                 ChannelId channel, UtcSeconds time);

}  // namespace amity::store
