#include "mdm/registers/consumption.h"

#include <algorithm>

#include "mdm/profile/limits.h"

namespace amity::mdm {
namespace {

using Wide = __int128;
constexpr UtcSeconds kForever(INT64_MAX);

void flag(PointUse& use, UseFlag which) {
  use.flags |= static_cast<std::uint16_t>(which);
}

std::int64_t modulus_of(const Installation& i) {
  std::int64_t modulus = i.digits == 0 ? 0 : 1;
  for (int d = 0; d < i.digits; ++d) modulus *= 10;
  return modulus;
}

// What the dial showed at `time`, between two readings of it; floor.
std::int64_t between(const RegisterPoint& a, const RegisterPoint& b, UtcSeconds time,
                     std::int64_t modulus) {
  Wide step = Wide{b.value} - a.value;
  const bool rolled = step < 0 && modulus > 0 && Wide{a.value} * 10 > Wide{modulus} * 9;
  if (rolled) step += modulus;
  if (step < 0) return a.value;
  Wide value = a.value + step * (time - a.time) / (b.time - a.time);
  if (rolled && value >= modulus) value -= modulus;
  return static_cast<std::int64_t>(value);
}

// The readings of one meter while it hung there, from its first to its last.
std::vector<RegisterPoint> points_of(const Installation& i,
                                     std::span<const RegisterReading> readings) {
  std::vector<RegisterPoint> points{{i.from, i.first, PointKind::kRead, 1}};
  for (const RegisterReading& r : readings) {
    if (r.device != i.device || r.time <= i.from || (i.to && r.time >= *i.to)) continue;
    if (r.time <= points.back().time) continue;  // the first of an instant counts
    points.push_back({r.time, r.value, PointKind::kRead, 1});
  }
  if (i.to) points.push_back({*i.to, *i.last, PointKind::kRead, 1});
  return points;
}

// Puts a point at `time`; false where no reading stands at or after it.
bool bound_at(std::vector<RegisterPoint>& points, UtcSeconds time, std::int64_t modulus,
              PointUse& use) {
  const auto at = std::ranges::lower_bound(points, time, {}, &RegisterPoint::time);
  if (at == points.end()) return false;
  if (at->time == time) return true;
  flag(use, UseFlag::kInterpolated);
  const std::int64_t value = between(*(at - 1), *at, time, modulus);
  points.insert(at, {time, value, PointKind::kRead, 1});
  return true;
}

struct Total {
  Wide units = 0;
  int exponent = 0;

  void add(std::int64_t value, int value_exponent) {
    Wide wide = value;
    for (; value_exponent > exponent; --value_exponent) wide *= 10;
    for (; value_exponent < exponent; --exponent) units *= 10;
    units += wide;
  }
};

// One meter's part of (from, to].
void add_installation(const Installation& i, std::span<const RegisterReading> readings,
                      UtcSeconds from, UtcSeconds to, PointUse& use, Total& total) {
  std::vector<RegisterPoint> points = points_of(i, readings);
  RegisterFace face;
  face.modulus = modulus_of(i);
  face.exponent = face.interval_exponent = i.exponent;
  for (const RatioChange& ratio : i.ratios) {
    if (ratio.from <= from || ratio.from >= to) continue;
    flag(use, UseFlag::kRatioChange);
    bound_at(points, ratio.from, face.modulus, use);
  }
  const bool begins = bound_at(points, from, face.modulus, use);
  const bool ends = bound_at(points, to, face.modulus, use);
  if (!begins || !ends) flag(use, UseFlag::kNotBounded);
  if (!begins) return;
  const auto first = std::ranges::lower_bound(points, from, {}, &RegisterPoint::time);
  const auto last = std::ranges::upper_bound(points, to, {}, &RegisterPoint::time);
  for (auto p = first; p != last; ++p) p->multiplier = i.multiplier_at(p->time);
  const Advance advance = advance_over(std::span(first, last), face);
  use.steps += static_cast<std::uint32_t>(last - first - 1);
  if (advance.rollovers > 0) flag(use, UseFlag::kRollover);
  if (advance.kind == AdvanceKind::kDecreased) flag(use, UseFlag::kDecreased);
  if (advance.kind == AdvanceKind::kTooLarge) flag(use, UseFlag::kTooLarge);
  total.add(advance.units, i.exponent);
}

Status settle(const Total& total, int exponent, PointUse& use) {
  Wide units = total.units, divisor = 1;
  for (int e = total.exponent; e > exponent; --e) units *= 10;
  for (int e = total.exponent; e < exponent; ++e) divisor *= 10;
  if (units % divisor != 0) flag(use, UseFlag::kInexact);
  units = (units + (units >= 0 ? divisor / 2 : -(divisor / 2))) / divisor;
  if (units > kDayTotalMax * Wide{1'000} || units < -kDayTotalMax * Wide{1'000})
    return make_error(ErrorCode::kLimit, "the use does not fit the wanted unit");
  use.units = static_cast<std::int64_t>(units);
  return {};
}

}  // namespace

Result<PointUse> use_between(const PointHistory& history, std::span<const RegisterReading> readings,
                             UtcSeconds from, UtcSeconds to, int exponent) {
  AMITY_CHECK(check(history));
  if (to < from || exponent < -9 || exponent > 9)
    return make_error(ErrorCode::kInvalid, "no period, or an exponent beyond +-9");
  PointUse use;
  Total total{0, exponent};
  UtcSeconds covered = from;
  int meters = 0;
  for (const Installation& i : history.installations) {
    const UtcSeconds low = std::max(from, i.from), high = std::min(to, i.to.value_or(kForever));
    if (low >= high) continue;
    if (i.exponent < -9 || i.exponent > 9)
      return make_error(ErrorCode::kInvalid, "a register with an exponent beyond +-9");
    if (low > covered) flag(use, UseFlag::kNoMeter);
    covered = high;
    if (++meters == 2) flag(use, UseFlag::kExchange);
    add_installation(i, readings, low, high, use, total);
  }
  if (covered < to) flag(use, UseFlag::kNoMeter);
  AMITY_CHECK(settle(total, exponent, use));
  return use;
}

Result<std::vector<TenantUse>> use_by_tenant(const PointHistory& history,
                                             std::span<const RegisterReading> readings,
                                             UtcSeconds from, UtcSeconds to, int exponent) {
  std::vector<TenantUse> parts;
  const auto add = [&](CustomerId customer, UtcSeconds low, UtcSeconds high) -> Status {
    if (low >= high) return {};
    AMITY_TRY(const PointUse use, use_between(history, readings, low, high, exponent));
    parts.push_back({customer, low, high, use});
    return {};
  };
  UtcSeconds at = from;
  for (const Occupancy& o : history.occupancies) {
    const UtcSeconds low = std::max(from, o.from), high = std::min(to, o.to.value_or(kForever));
    if (low >= high) continue;
    AMITY_CHECK(add(CustomerId(), at, low));
    AMITY_CHECK(add(o.customer, low, high));
    at = high;
  }
  AMITY_CHECK(add(CustomerId(), at, to));
  return parts;
}

}  // namespace amity::mdm
