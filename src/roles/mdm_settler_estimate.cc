// What is open in a channel's days is estimated, with everything that is known of its point.
#include <algorithm>

#include "mdm/profile/limits.h"
#include "roles/mdm_settler_day.h"

namespace amity::roles {

// A local day as estimation takes examples from it: final values where it is validated, raw ones
// otherwise; before the meter came, those of the one that hung there.
Result<std::vector<Reading>> MdmSettler::values_of(const MdmChannel& c, std::int32_t number,
                                                   const mdm::LocalDay& local) {
  const auto of = [&](const Channel& channel) -> Result<std::vector<Reading>> {
    AMITY_TRY(const auto stored, finals_.day(channel.id, number));
    if (!stored) return readings_.read(channel.id, local.start, local.end());
    std::vector<Reading> values;
    AMITY_TRY(const auto series,
              store::final_series(readings_, finals_, channel.id, local.start, local.end()));
    for (const store::FinalPoint& p : series.points) values.push_back(p.reading);
    return values;
  };
  AMITY_TRY(auto values, of(c.channel));
  const UtcSeconds begins = c.memory.begins;
  if (begins.value == 0 || begins <= local.start) return values;
  std::erase_if(values, [begins](const Reading& r) { return r.time <= begins; });
  if (!c.before || c.before->interval_s != c.channel.interval_s) return values;
  AMITY_TRY(auto earlier, of(*c.before));
  std::erase_if(earlier, [begins](const Reading& r) { return r.time > begins; });
  for (Reading& r : earlier) r.value = as_raw_of(c.channel, r.value, *c.before, r.time - 1);
  values.insert(values.begin(), earlier.begin(), earlier.end());
  return values;
}

// A whole local day of the window; what lies outside of the meter's time and is not known is
// neither open nor an example.
Status MdmSettler::add_day(const MdmChannel& c, std::int32_t number, const Day* ours,
                           mdm::SeriesWindow& window) {
  const mdm::LocalDay local = local_day(number);
  mdm::DayGrid grid;
  std::vector<std::uint8_t> open;
  if (ours != nullptr && !ours->own.part) {
    grid = ours->grid;
    open = ours->open;
  } else {
    AMITY_TRY(const auto values, values_of(c, number, local));
    AMITY_CHECK(mdm::lay_out(values, local, c.channel.interval_s, grid));
    const MeterLife life = life_of(c);
    open.assign(grid.slots, 0);
    for (std::size_t i = 0; i < grid.slots; ++i) {
      const bool outside = grid.end_of(i) <= life.from || grid.end_of(i) > life.to;
      if (grid.present[i] == 0 && outside)
        grid.quality[i] = Quality{}.with(QualityFlag::kEstimated).bits;
      open[i] = grid.present[i] == 0 && !outside;
    }
    if (ours != nullptr)
      std::ranges::copy(ours->open, open.begin() + static_cast<long>(ours->lead));
  }
  for (std::size_t i = 0; ours != nullptr && i < grid.slots; ++i) {
    if (!ours->after[i]) continue;  // with what a person decided
    grid.present[i] = 1;
    grid.value[i] = ours->after[i]->value;
    const std::uint16_t raw = ours->is_own(i) ? ours->grid.quality[i - ours->lead] : 0;
    grid.quality[i] = quality_of(*ours->after[i], raw).bits;
  }
  // What a point without supply used says nothing of what it uses.
  for (std::size_t i = 0; c.supply != nullptr && i < grid.slots; ++i) {
    if (c.supply->off(grid.end_of(i) - std::int64_t{grid.interval_s}, grid.end_of(i)))
      grid.quality[i] |= Quality{}.with(QualityFlag::kPowerDown).bits;
  }
  return window.add(grid, open);
}

// The check channel's values in the window's slots, where they can be relied on.
Status MdmSettler::add_check(const MdmChannel& c, const mdm::SeriesWindow& window,
                             std::vector<std::int64_t>& values, std::vector<std::uint8_t>& known) {
  if (!c.check || c.check->interval_s != c.channel.interval_s) return {};
  AMITY_TRY(const auto series, store::final_series(readings_, finals_, c.check->id, window.start(),
                                                   window.end_of(window.size() - 1)));
  values.assign(window.size(), 0);
  known.assign(window.size(), 0);
  const auto put = [&](const Reading& r) {
    const auto at = window.boundary(r.time);
    if (!at || *at == 0 || r.quality.bits != 0) return;
    values[*at - 1] = as_raw_of(c.channel, r.value, *c.check, r.time - 1);
    known[*at - 1] = 1;
  };
  for (const store::FinalPoint& p : series.points) {
    if (p.final.origin != FinalOrigin::kEstimated) put(p.reading);
  }
  for (const Reading& r : series.unsettled) put(r);
  return {};
}

// The same days 364 days earlier; nothing where the point was not measured then.
Status MdmSettler::add_last_year(const MdmChannel& c, std::int32_t first, std::int32_t last,
                                 mdm::SeriesWindow& window) {
  constexpr std::int32_t kYear = mdm::kPeriodDays * mdm::kPeriodsPerYear;
  const bool measured = c.memory.first_day != kNoDay && c.memory.first_day <= last - kYear;
  if (!measured && !c.before) return {};
  for (std::int32_t number = first - kYear; number <= last - kYear; ++number)
    AMITY_CHECK(add_day(c, number, nullptr, window));
  return {};
}

namespace {

// Of the newest period that has days; 0 without a history.
std::int64_t mean_day(const mdm::ChannelState& state) {
  if (state.period == INT32_MIN) return 0;
  for (std::int32_t p = state.period; p > state.period - mdm::kPeriodsKept; --p) {
    const mdm::PeriodStatistics of = state.of_period(p);
    if (of.days > 0) return of.total / of.days;
  }
  return 0;
}

}  // namespace

// Estimates what is open in `days` (ascending), all together.
Status MdmSettler::fill(const MdmChannel& c, std::vector<Day>& days) {
  mdm::SeriesWindow window, last_year;
  std::vector<Day*> by_window_day;
  const std::int32_t first = days.front().now.day, last = days.back().now.day;
  auto next = days.begin();
  for (std::int32_t number = first - policy_.look_back_days; number <= last; ++number) {
    const bool ours = next != days.end() && next->now.day == number;
    by_window_day.push_back(ours ? &*next : nullptr);
    AMITY_CHECK(add_day(c, number, by_window_day.back(), window));
    if (ours) ++next;
  }
  AMITY_TRY(const auto registers, points(c, window.start(), window.end_of(window.size() - 1)));
  std::vector<std::int64_t> check;
  std::vector<std::uint8_t> check_known;
  AMITY_CHECK(add_check(c, window, check, check_known));
  AMITY_CHECK(add_last_year(c, first, last, last_year));
  SettleRequest none;
  mdm::EstimateInput input;
  input.window = &window;
  input.registers = registers;
  input.face = input_of(c, days.front().grid, registers, none).face;
  input.check = check;
  input.check_known = check_known;
  input.last_year = &last_year;
  input.profile = c.profile;
  input.average_daily_load = mean_day(c.memory.state);
  if (input.average_daily_load <= 0) input.average_daily_load = c.profile_daily;
  std::vector<std::uint8_t> off;
  for (std::size_t i = 0; c.supply != nullptr && i < window.size(); ++i) {
    const UtcSeconds end = window.end_of(i);
    off.push_back(c.supply->off(end - std::int64_t{window.interval_s()}, end) ? 1 : 0);
  }
  input.off = off;
  mdm::SeriesWindow examples;
  std::vector<std::int64_t> ratio;
  if (!c.channel.steps.empty()) {
    const std::int64_t unit = common_ratio(c.channel);
    ratio = ratios_of(c.channel, window, unit);
    examples = window;
    examples.scale(ratio);
    last_year.scale(ratios_of(c.channel, last_year, unit));
    const std::int64_t now = c.channel.multiplier_at(c.next_start) / unit;  // of statistics
    input.average_daily_load = Ratio{now, 1}.of(input.average_daily_load);
    input.examples = &examples;
    input.ratio = ratio;
  }
  mdm::Estimates estimates;
  mdm::estimate(policy_, input, estimates);
  for (const mdm::SlotEstimate& e : estimates.slots) {
    const std::size_t d = window.day_of(e.slot);
    Day* day = by_window_day[d];
    if (day == nullptr || !day->estimate || e.method == mdm::Method::kNone) continue;
    const std::size_t slot = e.slot - window.first_slot(d);
    if (!day->is_own(slot)) continue;
    day->after[slot] =
        FinalValue{e.value, FinalOrigin::kEstimated, static_cast<std::uint8_t>(e.method), e.scaled};
  }
  return {};
}

}  // namespace amity::roles
