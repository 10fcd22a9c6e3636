// What a reading is of, in the numbers that ESPI and IEC 61968-9 share (ReadingType): accumulation,
// commodity, flow, unit. One way to our channels, one back.
#pragma once

#include <optional>
#include <string>

#include "exchange/meter_series.h"
#include "exchange/unit_codes.h"

namespace amity::exchange {

struct ReadingKind {
  int accumulation = 0;  // 1, 2, 3 cumulative register; 4 delta; 12 instantaneous; ...
  int commodity = 0;     // 1 electricity, 7 gas, 9 water (also 8 hot), 13 heat
  int flow = 0;          // 1 forward (to the customer), 19 reverse, 4 net
  int symbol = 0;        // UnitSymbol: 72 Wh
  int power_of_ten = 0;
  std::uint32_t interval_s = 0;  // 0: not told
};

// Name, kind, unit and interval of a series; `scale` turns its numbers into ours. Fails for a unit
// that is not known. Days and longer have names of their own: "import_daily", "import_billing".
Result<MeterSeries> series_of(const ReadingKind& kind, UnitScale& scale);
// The way back; fails for units without a number. power_of_ten is 0.
Result<ReadingKind> kind_of(const MeterSeries& series);

// 18 fields of a CIM ReadingType, "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0".
Result<ReadingKind> kind_from_cim(std::string_view reading_type);
std::string cim_reading_type(const ReadingKind& kind);

}  // namespace amity::exchange
