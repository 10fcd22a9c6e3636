#include "mdm/estimate/final_series.h"

#include "mdm/estimate/limits.h"

namespace amity::mdm {

std::span<const Version> FinalSeries::versions(UtcSeconds time) const {
  const auto found = versions_.find(time);
  return found == versions_.end() ? std::span<const Version>() : found->second;
}

const FinalValue* FinalSeries::current(UtcSeconds time) const {
  const auto all = versions(time);
  return all.empty() ? nullptr : &all.back().final;
}

Result<std::vector<Correction>> FinalSeries::settle(std::span<const FinalInterval> intervals,
                                                    UtcSeconds when, const std::string& why) {
  for (const FinalInterval& interval : intervals) {
    if (versions(interval.time).size() >= kVersionsMax) {
      return make_error(ErrorCode::kLimit,
                        "an interval has too many versions: " + to_iso(interval.time));
    }
  }
  std::vector<Correction> corrections;
  for (const auto& [time, final] : intervals) {
    std::vector<Version>& all = versions_[time];
    if (!all.empty()) {
      const FinalValue& before = all.back().final;
      if (before == final || before.origin == Origin::kEdited) continue;
      const std::string reason =
          before.origin == Origin::kEstimated && final.origin == Origin::kActual ? "late actual"
                                                                                 : why;
      corrections.push_back({channel_, time, before, final,
                             static_cast<std::uint32_t>(all.size() + 1), when, reason});
      all.push_back({final, when, "vee", reason});
      continue;
    }
    all.push_back({final, when, "vee", why});
  }
  return corrections;
}

}  // namespace amity::mdm
