// The blend: what the channel does at this time of day on the days around (both sides, nearer days
// and the same weekday weigh more, as do the intervals beside it), moved by how far the intervals
// at the gap's ends are from what they usually are; that difference fades with the distance (a
// first-order autoregressive bridge). The mean is taken of the values (kExpected) or of their
// fourth roots (kTypical), which lies near the median of such skewed values.
#include <algorithm>
#include <array>
#include <cmath>

#include "mdm/estimate/limits.h"
#include "mdm/estimate/rungs.h"

namespace amity::mdm {
namespace {

constexpr double kFade_days = 14;  // weight of a day k away: 1 / (1 + k / fade)^2
constexpr double kSameWeekday = 2;
constexpr double kBesideWeight = 0.4;
constexpr double kHalfHourKept = 0.55;  // of a difference, half an hour on
constexpr double kResidualTrust = 0.9;

class Blend {
 public:
  Blend(Shape shape, const SeriesWindow& window, Gap gap)
      : typical_(shape == Shape::kTypical), window_(window), gap_(gap) {
    for (int k = 1; k <= kBlendDays; ++k) {
      const double near = 1 + k / kFade_days;
      weight_[static_cast<std::size_t>(k)] = 1 / (near * near);
    }
    keep_ = std::pow(kHalfHourKept, window.interval_s() / 1'800.0);
  }

  bool fill(Out out) {
    const double left = gap_.first > 0 ? residual(gap_.first - 1) : 0;
    const double right = gap_.last < window_.size() ? residual(gap_.last) : 0;
    const std::size_t length = gap_.last - gap_.first;
    const double across = std::pow(keep_, static_cast<double>(length + 1));
    for (std::size_t i = 0; i < length; ++i) {
      double usual = 0;
      if (!usual_at(gap_.first + i, usual)) return false;
      const double a = std::pow(keep_, static_cast<double>(i + 1)),
                   b = std::pow(keep_, static_cast<double>(length - i));
      const double scale = kResidualTrust / (1 - across * across);
      const double moved = usual + scale * ((a - b * across) * left + (b - a * across) * right);
      out[i] = std::llround(from_domain(moved));
    }
    return true;
  }

 private:
  double to_domain(std::int64_t value) const {
    const double v = static_cast<double>(value);
    return typical_ ? std::sqrt(std::sqrt(std::max(v, 0.0))) : v;
  }
  double from_domain(double v) const {
    if (!typical_) return negative_seen_ ? v : std::max(v, 0.0);
    v = std::max(v, 0.0);
    return v * v * v * v;
  }
  // Mean over the other days; false when too little is known.
  bool usual_at(std::size_t slot, double& usual) {
    const std::size_t day = window_.day_of(slot);
    const std::int32_t wall = window_.wall_of(slot);
    double sum = 0, weights = 0;
    for (int k = 1; k <= kBlendDays; ++k) {
      for (const int side : {-1, 1}) {
        const std::ptrdiff_t d = static_cast<std::ptrdiff_t>(day) + side * k;
        if (d < 0 || d >= static_cast<std::ptrdiff_t>(window_.day_count())) continue;
        const auto other = static_cast<std::size_t>(d);
        const auto at = window_.slot_at(other, wall);
        if (!at) continue;
        const bool same = window_.day(other).kind == window_.day(day).kind;
        const double w = weight_[static_cast<std::size_t>(k)] * (same ? kSameWeekday : 1);
        take(*at, w, sum, weights);
        if (*at > 0) take(*at - 1, w * kBesideWeight, sum, weights);
        if (*at + 1 < window_.size()) take(*at + 1, w * kBesideWeight, sum, weights);
      }
    }
    if (weights <= 0) return false;
    usual = sum / weights;
    return true;
  }
  void take(std::size_t slot, double weight, double& sum, double& weights) {
    if (window_.state(slot) != SlotState::kActual) return;
    negative_seen_ = negative_seen_ || window_.value(slot) < 0;
    sum += weight * to_domain(window_.value(slot));
    weights += weight;
  }
  double residual(std::size_t slot) {
    double usual = 0;
    if (window_.state(slot) != SlotState::kActual || !usual_at(slot, usual)) return 0;
    return to_domain(window_.value(slot)) - usual;
  }

  bool typical_;
  const SeriesWindow& window_;
  Gap gap_;
  std::array<double, kBlendDays + 1> weight_{};
  double keep_ = 0;
  bool negative_seen_ = false;  // the channel runs both ways
};

}  // namespace

bool from_blend(Shape shape, const SeriesWindow& window, Gap gap, Out out) {
  return Blend(shape, window, gap).fill(out);
}

}  // namespace amity::mdm
