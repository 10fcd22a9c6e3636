#include "mdm/aggregate/loss_balance.h"

#include <cmath>
#include <vector>

namespace amity::mdm {

Result<LossBalance> loss_balance(std::span<const BalanceMeter> meters,
                                 std::int64_t estimate_error_permille) {
  LossBalance out;
  if (meters.empty()) return out;
  const IntervalView& first = meters.front().view;
  std::vector<std::uint8_t> use(first.slots(), 1);
  for (const BalanceMeter& meter : meters) {
    const IntervalView& v = meter.view;
    if (v.start != first.start || v.interval_s != first.interval_s || v.slots() != first.slots() ||
        v.exponent != first.exponent)
      return make_error(ErrorCode::kInvalid,
                        "the balance's meters are not over the same intervals");
    for (std::size_t i = 0; i < use.size(); ++i)
      use[i] = use[i] != 0 && v.quality[i] < SlotQuality::kFailed;
  }
  for (const std::uint8_t u : use) ++(u != 0 ? out.slots : out.left_out);
  double variance = 0;  // x 3, of per-mille
  for (const BalanceMeter& meter : meters) {
    std::int64_t sum = 0, estimated = 0;
    for (std::size_t i = 0; i < use.size(); ++i) {
      if (use[i] == 0) continue;
      sum += meter.view.value[i];
      if (meter.view.quality[i] != SlotQuality::kEstimated) continue;
      estimated += meter.view.value[i];
      ++out.estimated;
    }
    (meter.feeds_in ? out.supplied : out.delivered) += sum;
    out.sums.push_back(sum);
    const double a = static_cast<double>(sum) * static_cast<double>(meter.class_permille);
    const double e = static_cast<double>(estimated) * static_cast<double>(estimate_error_permille);
    variance += a * a + e * e;
  }
  out.loss = out.supplied - out.delivered;
  if (out.supplied != 0) {
    const __int128 scaled = __int128{out.loss} * 20'000, whole = __int128{out.supplied} * 2;
    const bool negative = (scaled < 0) != (whole < 0);
    out.loss_permyriad =
        static_cast<std::int64_t>((scaled + (negative ? -whole : whole) / 2) / whole);
  }
  out.uncertainty = static_cast<std::int64_t>(std::ceil(2 * std::sqrt(variance / 3) / 1'000));
  return out;
}

}  // namespace amity::mdm
