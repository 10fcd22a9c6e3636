// The multipliers that a file's records tell (CMEP's constant, a column of a CSV), against those of
// master data; and what they show of a meter that master data do not know yet.
#pragma once

#include <string>
#include <vector>

#include "exchange/series_check.h"
#include "model/channel.h"

namespace amity::app {

struct FileRatio {
  UtcSeconds at;
  std::int64_t multiplier = 1;
  std::size_t line = 0;
};
// Of one meter's series together, ascending: a change lies behind the begin of the last interval
// with the old multiplier, and before that of the first with the new one; where a register was read
// within, there.
std::vector<FileRatio> ratios_in(const std::vector<exchange::SeriesSummary>& series);

// What master data say of a value, as the file has it where both hold (a register that was read at
// the very change). `told`: 0 where the file does not tell.
std::int64_t multiplier_known(const Channel& channel, const exchange::SeriesValue& value,
                              std::int64_t told);
std::string other_multiplier(const Channel& channel, const exchange::SeriesValue& value,
                             std::int64_t told);
// Why a series' multipliers are not those of its channel; "" where they are.
std::string unlike_multipliers(const Channel& channel, const exchange::SeriesSummary& series);

}  // namespace amity::app
