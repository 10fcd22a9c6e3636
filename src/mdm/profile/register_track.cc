#include "mdm/profile/register_track.h"

#include "mdm/profile/limits.h"

namespace amity::mdm {
namespace {

using Wide = __int128;

int notability(AdvanceKind kind) {
  switch (kind) {
    case AdvanceKind::kForward:
      return 0;
    case AdvanceKind::kExchange:
      return 1;
    case AdvanceKind::kRollover:
      return 2;
    case AdvanceKind::kInexact:
      return 3;
    case AdvanceKind::kDecreased:
      return 4;
    case AdvanceKind::kTooLarge:
      return 5;
  }
  return 0;
}

void note(Advance& advance, AdvanceKind kind, const RegisterPoint& from, const RegisterPoint& to) {
  if (notability(kind) < notability(advance.kind)) return;
  advance.kind = kind;
  advance.from = from.value;
  advance.to = to.value;
}

// Register units used between two readings of one meter.
Wide step(const RegisterPoint& a, const RegisterPoint& b, const RegisterFace& face,
          Advance& advance) {
  const Wide difference = Wide{b.value} - a.value;
  if (difference >= 0) {
    note(advance, AdvanceKind::kForward, a, b);
    return difference;
  }
  const bool rolled = face.modulus > 0 && a.value < face.modulus &&
                      Wide{a.value} * 1'000 > Wide{face.modulus} * face.rollover_from_permille;
  note(advance, rolled ? AdvanceKind::kRollover : AdvanceKind::kDecreased, a, b);
  if (!rolled) return 0;
  ++advance.rollovers;
  return difference + face.modulus;
}

}  // namespace

Advance advance_over(std::span<const RegisterPoint> points, const RegisterFace& face) {
  Advance advance;
  if (points.empty()) return advance;
  advance.from = points.front().value;
  advance.to = points.back().value;
  Wide total = 0;  // register units x multiplier
  for (std::size_t i = 1; i < points.size(); ++i) {
    const RegisterPoint &a = points[i - 1], &b = points[i];
    if (a.kind == PointKind::kRemoved || b.kind == PointKind::kInstalled) {
      ++advance.exchanges;
      note(advance, AdvanceKind::kExchange, a, b);
      continue;
    }
    if (b.multiplier != a.multiplier) ++advance.multiplier_changes;
    if (a.multiplier < 1 || a.multiplier > kMultiplierMax) {
      advance.kind = AdvanceKind::kTooLarge;
      return advance;
    }
    total += step(a, b, face, advance) * a.multiplier;
  }
  Wide divisor = face.interval_multiplier > 0 ? face.interval_multiplier : 1;
  const Wide limit = Wide{kDayTotalMax} * kDayTotalMax;
  for (int e = face.interval_exponent; e < face.exponent && total < limit && total > -limit; ++e)
    total *= 10;
  for (int e = face.exponent; e < face.interval_exponent && divisor < limit; ++e) divisor *= 10;
  const Wide half = total >= 0 ? divisor / 2 : -(divisor / 2);
  const Wide units = (total + half) / divisor;
  if (units > kDayTotalMax || units < -kDayTotalMax) {
    advance.kind = AdvanceKind::kTooLarge;
    return advance;
  }
  advance.units = static_cast<std::int64_t>(units);
  if (total % divisor != 0) note(advance, AdvanceKind::kInexact, points.front(), points.back());
  return advance;
}

}  // namespace amity::mdm
