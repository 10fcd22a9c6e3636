// The rows of a profile buffer as times, quality and integers: null stamps and values filled in, status bits
// translated.
#pragma once

#include <cstdint>
#include <vector>

#include "base/civil.h"
#include "headend/meter_layout.h"
#include "model/reading.h"
#include "wire/dlms/data.h"
#include "wire/dlms/datetime.h"

namespace amity::headend {

// How the meter writes time. Learnt from its clock.
struct MeterTime {
  dlms::DeviationSign sign = dlms::DeviationSign::kStandard;
  std::int16_t deviation_min = 0;  // as the meter's clock shows it now; dlms::kAnyDeviation: it sends none
  TimeZone zone = TimeZone::utc();  // of meters that send none
};

struct ProfileRow {
  UtcSeconds time;
  Quality quality;
  std::uint32_t event_code = 0;  // of an event log
};

struct ProfileRows {
  std::size_t width = 0;                // value columns
  std::vector<ProfileRow> rows;
  std::vector<std::int64_t> values;     // rows x width
  std::vector<std::uint8_t> present;    // rows x width: 0 where the meter has no number
  std::size_t refused = 0;              // rows without a usable time

  std::int64_t value(std::size_t row, std::size_t column) const { return values[row * width + column]; }
  bool has(std::size_t row, std::size_t column) const { return present[row * width + column] != 0; }
};

// `columns` are those of the profile, in order; each row must have as many. A row whose stamp is null before any
// stamp was seen, or malformed, is refused alone; a wrong shape is an error of the whole.
Result<ProfileRows> parse_profile(dlms::DataView root, const Profile& profile, const MeterTime& meter_time,
                                  std::size_t rows_max);

// Profile status as usual in load profiles of the field: bit 0 critical error, 1 clock invalid, 2 data not valid, 3
// daylight saving, 5 clock adjusted, 7 power down.
Quality quality_from_status(std::uint64_t status);
Quality quality_from_clock(std::uint8_t clock_status);

dlms::DateTime as_meter_writes(UtcSeconds time, const MeterTime& meter_time);
// The range (after, until] as the meter is asked for it: both ends included, in the meter's own way of writing time.
dlms::Selection range_selection(UtcSeconds after, UtcSeconds until, const MeterTime& meter_time);

}  // namespace amity::headend
