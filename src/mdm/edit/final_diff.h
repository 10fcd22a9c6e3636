// Versions as the difference between what holds now and what shall hold, interval by interval.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/final.h"

namespace amity::mdm {

// What an interval was given out as.
struct SlotFinal {
  std::optional<FinalValue> now;  // none: nothing was, or it was withdrawn
  std::uint32_t version = 0;      // 0: there never was one

  bool by_hand() const { return now && now->origin == FinalOrigin::kEdited; }
};

// A slot each. `first_raw`: the value that version 1 is where none is written; an interval that was
// never given out and shall be just that costs no version.
std::vector<FinalVersion> final_changes(const VeeDay& day, std::span<const SlotFinal> before,
                                        std::span<const std::optional<FinalValue>> after,
                                        std::span<const std::optional<std::int64_t>> first_raw);

// Puts back what `versions` (of one edit on this day) replaced, into `after`. kConflict where a
// later version stands on one of them.
Status take_back(const VeeDay& day, std::span<const FinalVersion> versions,
                 std::span<const SlotFinal> before, std::span<std::optional<FinalValue>> after);

}  // namespace amity::mdm
