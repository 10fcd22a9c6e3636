// Intervals summed into longer ones on their way to a writer: quarter hours, hours, local days,
// billing months. What is longer already, or counts instead of adding up (registers, means), is
// left out with its reason.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/civil.h"
#include "exchange/meter_series.h"

namespace amity::exchange {

enum class Bins : std::uint8_t { kQuarterHour, kHour, kDay, kBilling };
// "15min", "1h", "1d", "billing".
std::optional<Bins> bins_from(std::string_view name);

struct BinOptions {
  Bins bins = Bins::kHour;
  TimeZone zone =
      TimeZone::utc();  // of days and months: a day of a change of clocks has its own length
  int bill_day = 1;     // of the month, 1 to 28, at whose start a billing month begins
};

// A bin's quality is all that is said of any part of it, its method and reason those of its parts
// that have one, where they share it. A bin with a part missing holds what is there, marked as
// partial. Takes the writer that it feeds.
std::unique_ptr<SeriesWriter> make_rebinned(std::unique_ptr<SeriesWriter> writer,
                                            const BinOptions& options);

}  // namespace amity::exchange
