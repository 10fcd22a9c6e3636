#include "mdm/rate/gate.h"

#include <fmt/format.h>

namespace amity::mdm {

void pass_gate(const GatePolicy& policy, const EnergyUse& use, std::size_t slots,
               std::uint32_t unreconciled_days, Measured measured, std::vector<Hold>& holds) {
  const auto all = static_cast<std::int64_t>(slots);
  const std::int64_t missing = use.of(SlotQuality::kMissing), failed = use.of(SlotQuality::kFailed);
  const std::int64_t estimated = use.of(SlotQuality::kEstimated);
  if (missing * 1'000 > policy.missing_permille * all)
    holds.push_back({HoldReason::kMissing, missing, all, policy.missing_permille, measured});
  if (estimated * 1'000 > policy.estimated_permille * all)
    holds.push_back({HoldReason::kEstimated, estimated, all, policy.estimated_permille, measured});
  if (failed > policy.failed)
    holds.push_back({HoldReason::kFailed, failed, all, policy.failed, measured});
  if (unreconciled_days > policy.unreconciled_days) {
    holds.push_back(
        {HoldReason::kUnreconciled, unreconciled_days, 0, policy.unreconciled_days, measured});
  }
}

std::string explain(const Hold& hold) {
  const auto percent = [](std::int64_t permille) {
    return fmt::format("{}.{} %", permille / 10, permille % 10);
  };
  constexpr std::string_view kOf[] = {"", "export: ", "reactive energy: "};
  const std::string_view of = kOf[static_cast<std::size_t>(hold.measured)];
  switch (hold.reason) {
    case HoldReason::kMissing:
      return fmt::format("{}{} of {} intervals are missing, allowed {}", of, hold.value, hold.of,
                         percent(hold.limit));
    case HoldReason::kEstimated:
      return fmt::format("{}{} of {} intervals are estimated, allowed {}", of, hold.value, hold.of,
                         percent(hold.limit));
    case HoldReason::kFailed:
      return fmt::format("{}{} of {} intervals failed validation and are not resolved, allowed {}",
                         of, hold.value, hold.of, hold.limit);
    case HoldReason::kUnreconciled:
      return fmt::format("on {} days intervals and registers disagree, allowed {}", hold.value,
                         hold.limit);
  }
  return "?";
}

}  // namespace amity::mdm
