#include "mdm/rate/gate.h"

#include <fmt/format.h>

namespace amity::mdm {

void pass_gate(const GatePolicy& policy, const EnergyUse& use, std::size_t slots,
               std::uint32_t unreconciled_days, std::vector<Hold>& holds) {
  const auto all = static_cast<std::int64_t>(slots);
  const std::int64_t missing = use.of(SlotQuality::kMissing), failed = use.of(SlotQuality::kFailed);
  const std::int64_t estimated = use.of(SlotQuality::kEstimated);
  if (missing * 1'000 > policy.missing_permille * all)
    holds.push_back({HoldReason::kMissing, missing, all, policy.missing_permille});
  if (estimated * 1'000 > policy.estimated_permille * all)
    holds.push_back({HoldReason::kEstimated, estimated, all, policy.estimated_permille});
  if (failed > policy.failed) holds.push_back({HoldReason::kFailed, failed, all, policy.failed});
  if (unreconciled_days > policy.unreconciled_days) {
    holds.push_back({HoldReason::kUnreconciled, unreconciled_days, 0, policy.unreconciled_days});
  }
}

std::string explain(const Hold& hold) {
  const auto percent = [](std::int64_t permille) {
    return fmt::format("{}.{} %", permille / 10, permille % 10);
  };
  switch (hold.reason) {
    case HoldReason::kMissing:
      return fmt::format("{} of {} intervals are missing, allowed {}", hold.value, hold.of,
                         percent(hold.limit));
    case HoldReason::kEstimated:
      return fmt::format("{} of {} intervals are estimated, allowed {}", hold.value, hold.of,
                         percent(hold.limit));
    case HoldReason::kFailed:
      return fmt::format("{} of {} intervals failed validation and are not resolved, allowed {}",
                         hold.value, hold.of, hold.limit);
    case HoldReason::kUnreconciled:
      return fmt::format("on {} days intervals and registers disagree, allowed {}", hold.value,
                         hold.limit);
  }
  return "?";
}

}  // namespace amity::mdm
