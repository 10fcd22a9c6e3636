#include "mdm/estimate/estimate.h"

#include <algorithm>

#include "mdm/estimate/closure.h"
#include "mdm/estimate/rungs.h"

namespace amity::mdm {
namespace {

class Ladder {
 public:
  Ladder(const EstimatePolicy& policy, const EstimateInput& input, Estimates& out)
      : policy_(policy),
        in_(input),
        window_(*input.window),
        shapes_(input.examples != nullptr ? *input.examples : *input.window),
        out_(out) {}

  void run() {
    for (std::size_t i = 0; i < window_.size(); ++i) {
      if (window_.known(i)) continue;
      Gap gap{i, i + 1};
      while (gap.last < window_.size() && !window_.known(gap.last) && off(gap.last) == off(i))
        ++gap.last;
      fill(gap);
      i = gap.last - 1;
    }
    close();
  }

 private:
  bool off(std::size_t slot) const { return slot < in_.off.size() && in_.off[slot] != 0; }

  void fill(Gap gap) {
    amounts_.assign(gap.last - gap.first, 0);
    const Method method = rung(gap);
    if (method == Method::kNone) std::fill(amounts_.begin(), amounts_.end(), 0);
    if (method != Method::kCheckChannel) divide(gap);
    for (std::size_t i = gap.first; i < gap.last; ++i) {
      out_.slots.push_back({i, amounts_[i - gap.first], method, false});
    }
  }

  // Shapes are of what was used; the meter counts the part of it that its ratio then leaves.
  void divide(Gap gap) {
    if (in_.ratio.size() != window_.size()) return;
    for (std::size_t i = gap.first; i < gap.last; ++i) {
      const std::int64_t ratio = std::max<std::int64_t>(in_.ratio[i], 1);
      std::int64_t& amount = amounts_[i - gap.first];
      amount = (amount + (amount < 0 ? -ratio / 2 : ratio / 2)) / ratio;
    }
  }

  Method rung(Gap gap) {
    if (in_.deenergised || off(gap.first)) return Method::kZero;  // the amounts are zero
    if (from_check_channel(in_, gap, amounts_)) return Method::kCheckChannel;
    if (policy_.shape != Shape::kLadder) {
      if (from_blend(policy_.shape, shapes_, gap, amounts_)) return Method::kAlternate;
    }
    if (from_linear(policy_, shapes_, gap, amounts_)) return Method::kLinear;
    if (const int days = from_like_days(policy_, shapes_, gap, amounts_)) {
      return days == 1 ? Method::kLikeDay : Method::kAverageLikeDay;
    }
    if (from_last_year(in_, gap, amounts_)) return Method::kPreviousYear;
    if (from_class_profile(in_, gap, amounts_)) return Method::kAverageDailyLoad;
    return Method::kNone;
  }

  // E8: each stretch between two readings of the register on interval boundaries.
  void close() {
    std::size_t from = 0, last_point = in_.registers.size();
    for (std::size_t p = 0; p < in_.registers.size(); ++p) {
      const auto at = window_.boundary(in_.registers[p].time);
      const bool mid_exchange =
          p + 1 < in_.registers.size() && in_.registers[p + 1].kind == PointKind::kInstalled;
      if (!at || in_.registers[p].kind != PointKind::kRead || mid_exchange) continue;
      const bool bounded = last_point < in_.registers.size();
      if (!bounded || *at > from) {
        segment(from, *at,
                bounded ? in_.registers.subspan(last_point, p - last_point + 1)
                        : std::span<const RegisterPoint>());
      }
      from = *at;
      last_point = p;
    }
    segment(from, window_.size(), {});
  }

  void segment(std::size_t first, std::size_t last, std::span<const RegisterPoint> points) {
    const auto low = std::ranges::lower_bound(out_.slots, first, {}, &SlotEstimate::slot);
    const auto high = std::ranges::lower_bound(out_.slots, last, {}, &SlotEstimate::slot);
    if (low == high) return;
    SegmentReport report{
        first, last, static_cast<std::uint32_t>(high - low), Closure::kUnbounded, 0, 0, 0};
    for (std::size_t i = first; i < last; ++i)
      report.actual += window_.known(i) ? window_.value(i) : 0;
    if (!points.empty()) close_on(points, std::span(low, high), report);
    for (const SlotEstimate& s : std::span(low, high)) report.estimated += s.value;
    out_.segments.push_back(report);
  }

  void close_on(std::span<const RegisterPoint> points, std::span<SlotEstimate> slots,
                SegmentReport& report) {
    const Advance advance = advance_over(points, in_.face);
    report.advance = advance.units;
    if (!advance.usable()) {
      report.closure = Closure::kUnusable;
      return;
    }
    const std::int64_t rest = advance.units - report.actual;
    if (rest < 0) {
      report.closure = Closure::kExceeded;
      return;
    }
    report.closure = advance.exact() ? Closure::kExact : Closure::kInexact;
    amounts_.clear();
    for (const SlotEstimate& s : slots) amounts_.push_back(s.value);
    const auto nothing = [](std::int64_t amount) { return amount <= 0; };
    if (std::ranges::all_of(amounts_, nothing)) {  // evenly, but not where supply was off
      for (std::size_t i = 0; i < slots.size(); ++i)
        amounts_[i] = slots[i].method == Method::kZero ? 0 : 1;
    }
    apportion(rest, amounts_);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      SlotEstimate& s = slots[i];
      s.scaled = s.value != amounts_[i] || s.scaled;
      s.value = amounts_[i];
      // The register says that something was used, or nothing else was known: it alone is the
      // source.
      if (s.method == Method::kNone || (s.method == Method::kZero && s.value != 0))
        s.method = Method::kCalculated;
    }
  }

  const EstimatePolicy& policy_;
  const EstimateInput& in_;
  const SeriesWindow& window_;
  const SeriesWindow& shapes_;
  Estimates& out_;
  std::vector<std::int64_t> amounts_;
};

}  // namespace

void estimate(const EstimatePolicy& policy, const EstimateInput& input, Estimates& out) {
  out.slots.clear();
  out.segments.clear();
  Ladder(policy, input, out).run();
}

std::string_view to_string(Closure closure) {
  switch (closure) {
    case Closure::kUnbounded:
      return "unbounded";
    case Closure::kExact:
      return "exact";
    case Closure::kExceeded:
      return "exceeded";
    case Closure::kInexact:
      return "inexact";
    case Closure::kUnusable:
      return "unusable";
  }
  return "?";
}

Reread reread_due(const RereadPolicy& policy, UtcSeconds gap_end, std::uint32_t attempts,
                  UtcSeconds last_attempt, UtcSeconds now) {
  if (now - gap_end > policy.give_up_after_s) return Reread::kGiveUp;
  if (attempts == 0) return Reread::kNow;
  std::int64_t wait = policy.first_wait_s;
  for (std::uint32_t i = 1; i < attempts && wait < policy.wait_max_s; ++i) wait *= 2;
  return now - last_attempt >= std::min(wait, policy.wait_max_s) ? Reread::kNow : Reread::kWait;
}

}  // namespace amity::mdm
