// From the wall clock of a meter to UTC.
#pragma once

#include <optional>
#include <vector>

#include "base/civil.h"
#include "wire/report/report.h"

namespace amity::headend {

// The instant whose wall clock shows `time`: by its own offset to UTC where the meter gives one,
// else in `zone`. Of a repeated hour the one in summer time where the meter says so, else the
// standard one, unless that is after `not_after`: a meter does not report the future. A day without
// a time stands for its end, as due dates do. nullopt: no time, no such date, or an hour that the
// zone's clock skips.
std::optional<UtcSeconds> utc_of(const wire::MeterTime& time, const TimeZone& zone,
                                 UtcSeconds not_after);
// Of a repeated hour the instant that utc_of() did not choose for want of a flag: the earlier one.
// nullopt: the hour is not repeated, or the meter says which it is.
std::optional<UtcSeconds> other_hour(const wire::MeterTime& time, const TimeZone& zone);
// The rows of one stretch of a load profile were counted from one time of it, without a look at the
// wall clock: all of them get the offset to UTC that this one has.
enum class Anchor : std::uint8_t { kNewest, kOldest };
void pin_offset(std::vector<wire::Reading>& rows, const TimeZone& zone, UtcSeconds not_after,
                Anchor anchor);
// What a clock of the zone shows.
wire::MeterTime meter_time(UtcSeconds time, const TimeZone& zone);

}  // namespace amity::headend
