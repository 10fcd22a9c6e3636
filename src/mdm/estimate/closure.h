// Whole amounts in given proportions: what makes estimated energy equal register energy exactly.
#pragma once

#include <cstdint>
#include <span>

namespace amity::mdm {

// Replaces `amounts` by whole numbers >= 0 that sum to `total` (>= 0) exactly and are in the
// proportions of what was there, by largest remainder (ties to the earlier). Negative amounts weigh
// nothing; all zero: evenly.
void apportion(std::int64_t total, std::span<std::int64_t> amounts);

}  // namespace amity::mdm
