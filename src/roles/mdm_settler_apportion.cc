// An interval within which the multiplier changed has a part with each. Final values have that of
// their begin, so that it is stated as what would have been counted with it: the parts by the
// register, where it was read at the change and bounds them, else by the time.
#include <algorithm>

#include "base/decimal.h"
#include "roles/mdm_settler_day.h"

namespace amity::roles {
namespace {

using Wide = __int128;
using mdm::Check;

struct Part {
  std::int64_t counted = 0;  // from the interval's begin to the change
  bool read = false;         // by the register
};

std::int64_t half_up(Wide value, Wide divisor) {
  const Wide wide = 2 * value + divisor, twice = 2 * divisor;
  return static_cast<std::int64_t>(wide / twice - (wide % twice < 0 ? 1 : 0));
}

}  // namespace

// What slot `i` (of the own grid) counted up to `at`, which lies within it. The register's way
// there from its last reading before the interval, or on to its first behind it, less the intervals
// of it.
std::optional<std::int64_t> MdmSettler::counted_until(const MdmChannel& c, const Day& day,
                                                      std::size_t i, UtcSeconds at) {
  const auto read = std::ranges::find(day.registers, at, &mdm::RegisterPoint::time);
  if (read == day.registers.end()) return std::nullopt;
  const mdm::RegisterFace face = input_of(c, day.grid, day.registers, {}).face;
  const std::int64_t step = day.grid.interval_s, value = day.after[day.lead + i]->value;
  // Slots first .. last (beyond the last) of the own grid; nothing where one has no value.
  const auto sum = [&](std::size_t first, std::size_t last) -> std::optional<std::int64_t> {
    std::int64_t total = 0;
    for (std::size_t s = first; s < last; ++s) {
      if (!day.after[day.lead + s]) return std::nullopt;
      total += day.counted[day.lead + s].value_or(day.after[day.lead + s]->value);
    }
    return total;
  };
  const auto part = [&](std::size_t bound, const mdm::RegisterPoint& p) {
    const bool before = bound <= i;
    const mdm::RegisterPoint pair[] = {before ? p : *read, before ? *read : p};
    const auto advance = mdm::advance_over(pair, face);
    const auto others = before ? sum(bound, i) : sum(i + 1, bound);
    if (!advance.exact() || !others) return std::optional<std::int64_t>();
    const std::int64_t own = advance.units - *others;
    return std::optional(before ? own : value - own);
  };
  std::optional<std::int64_t> found;
  for (const mdm::RegisterPoint& p : day.registers) {
    const std::int64_t offset = p.time - day.own.start;
    if (offset < 0 || offset % step != 0) continue;
    const auto bound = static_cast<std::size_t>(offset / step);
    if (bound > day.grid.slots || (bound > i && found)) break;
    found = part(bound, p);
  }
  const bool fits = found && std::min<std::int64_t>(value, 0) <= *found &&
                    *found <= std::max<std::int64_t>(value, 0);
  return fits ? found : std::nullopt;
}

void MdmSettler::apportion(const MdmChannel& c, Day& day) {
  if (c.channel.steps.empty() || !day.estimate) return;
  day.counted.assign(day.after.size(), std::nullopt);
  const std::int64_t length = day.grid.interval_s;
  mdm::Finding told;
  for (std::size_t i = 0; i < day.grid.slots; ++i) {
    const UtcSeconds end = day.grid.end_of(i), begin = end - length;
    const std::int64_t first = c.channel.multiplier_at(begin);
    auto& value = day.after[day.lead + i];
    if (!value || value->value == 0 || value->origin == FinalOrigin::kEdited) continue;
    const std::int64_t all = value->value;
    Wide energy = 0;
    std::int64_t before = 0, multiplier = first;
    std::optional<std::pair<UtcSeconds, std::int64_t>> change;  // the first, and what was before it
    bool read = true;
    const auto add = [&](std::int64_t until, std::int64_t next) {
      energy += Wide{until - before} * multiplier;
      before = until;
      multiplier = next;
    };
    for (const MultiplierStep& step : c.channel.steps) {
      if (step.from <= begin || step.from >= end || step.multiplier == multiplier) continue;
      const auto known = counted_until(c, day, i, step.from);
      const bool usable = known && std::abs(*known) >= std::abs(before);
      read = read && usable;
      const std::int64_t until =
          usable ? *known : std::max(before, half_up(Wide{all} * (step.from - begin), length));
      if (!change) change = {step.from, until};
      add(until, step.multiplier);
    }
    if (!change) continue;
    add(all, multiplier);
    const std::int64_t stated = half_up(energy, std::max<std::int64_t>(first, 1));
    day.counted[day.lead + i] = all;
    day.apportioned += stated - all;
    if (value->origin == FinalOrigin::kActual && (stated != all || !read)) {
      const auto method = read ? mdm::Method::kCalculated : mdm::Method::kLinear;
      value = FinalValue{0, FinalOrigin::kEstimated, static_cast<std::uint8_t>(method), false};
    }
    value->value = stated;
    const Check check = read ? Check::kRatioByRegister : Check::kRatioByTime;
    const auto slots = static_cast<std::uint16_t>(told.slots + 1);
    if (told.slots == 0 || (told.check != check && !read)) {
      told = {mdm::Outcome::kWarn,
              check,
              static_cast<std::int16_t>(i),
              slots,
              {all, change->second, stated, change->first.value}};
    }
    told.slots = slots;
  }
  mdm::Finding& identity = day.verdict.findings[static_cast<std::size_t>(mdm::Rule::kIdentity)];
  if (told.slots == 0 || identity.outcome >= told.outcome) return;
  identity = told;
  day.verdict.worst = std::max(day.verdict.worst, told.outcome);
}

}  // namespace amity::roles
