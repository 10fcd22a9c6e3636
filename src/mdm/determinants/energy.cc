#include "mdm/determinants/energy.h"

#include <algorithm>

namespace amity::mdm {
namespace {

std::int64_t sum_of(const std::int64_t* value, std::size_t count) {
  std::int64_t a = 0, b = 0, c = 0, d = 0;
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4)
    a += value[i], b += value[i + 1], c += value[i + 2], d += value[i + 3];
  for (; i < count; ++i) a += value[i];
  return a + b + c + d;
}

// Mostly all are actual: eight at a time.
void count_qualities(std::span<const SlotQuality> quality,
                     std::array<std::uint32_t, kSlotQualities>& counts) {
  counts.fill(0);
  const auto* at = reinterpret_cast<const std::uint8_t*>(quality.data());
  std::size_t i = 0, actual = 0;
  for (; i + 8 <= quality.size(); i += 8) {
    std::uint64_t eight;
    __builtin_memcpy(&eight, at + i, 8);
    if (eight == 0) {
      actual += 8;
      continue;
    }
    for (std::size_t k = 0; k < 8; ++k)
      ++counts[std::min<std::size_t>(at[i + k], kSlotQualities - 1)];
  }
  for (; i < quality.size(); ++i) ++counts[std::min<std::size_t>(at[i], kSlotQualities - 1)];
  counts[0] += static_cast<std::uint32_t>(actual);
}

}  // namespace

Status check_view(const IntervalView& view, const PeriodMap& map) {
  if (view.start != map.period.start || view.interval_s != map.interval_s ||
      view.slots() != map.slots || view.quality.size() != map.slots)
    return make_error(ErrorCode::kInvalid, "the intervals are not those of the bill's period");
  return {};
}

void energy_by_bucket(const IntervalView& view, const PeriodMap& map, EnergyUse& out) {
  std::fill_n(out.bucket.begin(), map.buckets, BucketUse{});
  for (const BucketRun& run : map.runs) {
    BucketUse& use = out.bucket[run.bucket];
    use.sum += sum_of(view.value.data() + run.first, run.last - run.first);
    use.slots += run.last - run.first;
  }
  out.total = 0;
  for (std::size_t b = 0; b < map.buckets; ++b) out.total += out.bucket[b].sum;
  count_qualities(view.quality, out.by_quality);
}

void net(const IntervalView& import, const IntervalView& exported, const PeriodMap& map,
         Netting netting, EnergyUse& bought, EnergyUse& sold) {
  energy_by_bucket(import, map, bought);
  energy_by_bucket(exported, map, sold);
  if (netting == Netting::kNone) return;
  const auto settle = [&](std::size_t bucket, std::int64_t in, std::int64_t out) {
    bought.bucket[bucket].sum += std::max<std::int64_t>(in - out, 0);
    sold.bucket[bucket].sum += std::max<std::int64_t>(out - in, 0);
  };
  const EnergyUse in = bought, out = sold;
  for (std::size_t b = 0; b < map.buckets; ++b) bought.bucket[b].sum = sold.bucket[b].sum = 0;
  if (netting == Netting::kPeriod) {
    for (std::size_t b = 0; b < map.buckets; ++b) settle(b, in.bucket[b].sum, out.bucket[b].sum);
  } else {
    const std::uint32_t hour = std::max(3'600 / map.interval_s, 1u);
    const std::uint32_t step = netting == Netting::kHour ? hour : 1;
    for (const BucketRun& run : map.runs) {
      for (std::uint32_t i = run.first; i < run.last;) {
        const std::uint32_t next = std::min(run.last, i - i % step + step);
        settle(run.bucket, sum_of(import.value.data() + i, next - i),
               sum_of(exported.value.data() + i, next - i));
        i = next;
      }
    }
  }
  bought.total = sold.total = 0;
  for (std::size_t b = 0; b < map.buckets; ++b)
    bought.total += bought.bucket[b].sum, sold.total += sold.bucket[b].sum;
}

}  // namespace amity::mdm
