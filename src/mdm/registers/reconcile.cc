#include "mdm/registers/reconcile.h"

#include <algorithm>
#include <cstdlib>

#include "mdm/profile/limits.h"

namespace amity::mdm {
namespace {

using Wide = __int128;

// The smallest step the registers of the day can tell, with their largest ratio, in 10^exponent.
std::int64_t resolution(const PointHistory& history, const LocalDay& day, int exponent) {
  std::int64_t coarsest = 0;
  for (const Installation& i : history.installations) {
    const UtcSeconds end = day.start + day.length_s;
    if (i.from >= end || (i.to && *i.to <= day.start)) continue;
    Wide step = std::max(i.multiplier_at(day.start), i.multiplier_at(end));
    for (int e = exponent; e < i.exponent && step < kDayTotalMax; ++e) step *= 10;
    for (int e = i.exponent; e < exponent; ++e) step = (step + 9) / 10;
    coarsest = std::max(coarsest, static_cast<std::int64_t>(std::min<Wide>(step, kDayTotalMax)));
  }
  return coarsest;
}

std::int64_t multiplier_at(const PointHistory& history, UtcSeconds time) {
  std::int64_t multiplier = 1;
  for (const Installation& i : history.installations) {
    if (i.from <= time) multiplier = i.multiplier_at(time);
  }
  return multiplier;
}

}  // namespace

std::string_view to_string(Reconciliation kind) {
  static constexpr std::string_view kNames[] = {"exact",   "within",     "estimated",
                                                "differs", "incomplete", "no register"};
  return kNames[static_cast<std::size_t>(kind)];
}

Result<DayReconciliation> reconcile_day(const PointHistory& history,
                                        std::span<const RegisterReading> readings,
                                        const LocalDay& day, const IntervalView& raw) {
  if (raw.start != day.start || raw.end() != day.start + day.length_s ||
      raw.quality.size() != raw.slots())
    return make_error(ErrorCode::kInvalid, "the intervals are not those of the day");
  DayReconciliation out;
  out.day = day.number;
  AMITY_TRY(const PointUse use, use_between(history, readings, day.start, raw.end(), raw.exponent));
  out.advance = use.units;
  out.flags = use.flags;
  Wide sum = 0;
  for (std::size_t i = 0; i < raw.slots(); ++i) {
    out.missing += raw.quality[i] >= SlotQuality::kFailed;
    sum += Wide{raw.value[i]} * multiplier_at(history, raw.end_of(i) - raw.interval_s);
  }
  if (sum > kDayTotalMax * Wide{1'000} || sum < -kDayTotalMax * Wide{1'000})
    return make_error(ErrorCode::kLimit, "the day's intervals are no measurement");
  out.intervals = static_cast<std::int64_t>(sum);
  const std::int64_t apart = std::abs(out.intervals - out.advance);
  if (use.has(UseFlag::kNotBounded) || use.has(UseFlag::kNoMeter) || use.has(UseFlag::kDecreased) ||
      use.has(UseFlag::kTooLarge))
    out.kind = Reconciliation::kNoRegister;
  else if (out.missing > 0)
    out.kind = Reconciliation::kIncomplete;
  else if (apart > 0 && apart > resolution(history, day, raw.exponent))
    out.kind = Reconciliation::kDiffers;
  else if (use.has(UseFlag::kInterpolated))
    out.kind = Reconciliation::kEstimated;
  else
    out.kind = apart == 0 && use.exact() ? Reconciliation::kExact : Reconciliation::kWithin;
  return out;
}

}  // namespace amity::mdm
