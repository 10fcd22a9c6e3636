#include "roles/mdm_settler.h"

#include <algorithm>
#include <cstdlib>

namespace amity::roles {
namespace {

constexpr int kPastDays = 35;                // that estimation takes examples from
constexpr std::int32_t kLinkedDaysMax = 31;  // between two register readings

using mdm::Outcome;

Quality quality_of(const FinalValue& v, std::uint16_t raw) {
  if (v.origin == FinalOrigin::kEstimated) return Quality{}.with(QualityFlag::kEstimated);
  if (v.origin == FinalOrigin::kEdited) return Quality{}.with(QualityFlag::kEdited);
  return Quality{raw};
}

bool plain_register(const Reading& r) {
  return !r.quality.has(QualityFlag::kClockInvalid) && !r.quality.has(QualityFlag::kDataInvalid);
}

// Older days are looked at without what came after them.
mdm::ChannelState as_of_past(const mdm::ChannelState& state) {
  mdm::ChannelState past = state;
  past.last_value = past.last_end_s = 0;
  past.run_length = past.estimated_days = past.idle_days = 0;
  return past;
}

}  // namespace

struct MdmSettler::Day {
  mdm::LocalDay local;
  mdm::DayGrid grid;
  std::optional<store::FinalDay> stored;
  std::vector<std::optional<std::int64_t>> first_raw;
  std::vector<mdm::SlotFinal> before;
  std::vector<mdm::RegisterPoint> registers;  // within the day and at its ends
  mdm::DayVerdict verdict;
  std::vector<std::uint8_t> open;  // to be estimated, without what a person decided
  std::vector<std::optional<FinalValue>> after;
  VeeDay now;
  std::size_t missing = 0;
  bool estimate = false;
};

mdm::LocalDay MdmSettler::local_day(std::int32_t number) const {
  mdm::LocalDay day = calendar_.day_at(UtcDay(number).start() + 12 * 3'600);
  if (day.number < number) day = calendar_.day_at(day.start + day.length_s + 12 * 3'600);
  if (day.number > number) day = calendar_.day_at(day.start - 12 * 3'600);
  return day;
}

Result<mdm::DayGrid> MdmSettler::grid_of(const Channel& channel, const mdm::LocalDay& day) {
  mdm::DayGrid grid;
  AMITY_TRY(const auto raw, readings_.read(channel.id, day.start, day.start + day.length_s));
  AMITY_CHECK(mdm::lay_out(raw, day, channel.interval_s, grid));
  return grid;
}

std::vector<mdm::SlotFinal> slots_of(const VeeDay& day, const store::FinalDay* stored,
                                     std::span<const std::optional<std::int64_t>> first_raw) {
  std::vector<mdm::SlotFinal> slots(day.slots());
  if (stored == nullptr) return slots;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const UtcSeconds time = day.start + static_cast<std::int64_t>(i + 1) * day.interval_s;
    if (stored->is_open(time) || !first_raw[i]) continue;
    slots[i] = {FinalValue{*first_raw[i], FinalOrigin::kActual, 0, false}, 1};
  }
  for (const store::FinalDay::Step& step : stored->steps) {
    for (const FinalVersion& v : step.versions) {
      mdm::SlotFinal& slot =
          slots[static_cast<std::size_t>((v.time - day.start) / day.interval_s) - 1];
      slot.version = v.version;
      slot.now.reset();
      if (v.now.origin != FinalOrigin::kWithdrawn) slot.now = v.now;
    }
  }
  return slots;
}

void count_values(VeeDay& day, std::span<const std::optional<FinalValue>> values) {
  day.total = 0;
  day.estimated = day.edited = 0;
  day.open.clear();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) {
      day.total += values[i]->value;
      day.estimated += values[i]->origin == FinalOrigin::kEstimated;
      day.edited += values[i]->origin == FinalOrigin::kEdited;
      continue;
    }
    const auto slot = static_cast<std::uint16_t>(i);
    if (!day.open.empty() && day.open.back().second == slot) {
      ++day.open.back().second;
    } else {
      day.open.emplace_back(slot, static_cast<std::uint16_t>(slot + 1));
    }
  }
}

Result<std::vector<mdm::RegisterPoint>> MdmSettler::points(const MdmChannel& c, UtcSeconds from,
                                                           UtcSeconds to) {
  std::vector<mdm::RegisterPoint> out;
  if (!c.total) return out;
  AMITY_TRY(const auto read, readings_.read(c.total->id, from - 1, to));
  for (const Reading& r : read) {
    if (plain_register(r)) out.push_back({r.time, r.value, mdm::PointKind::kRead, 1});
  }
  return out;
}

Status MdmSettler::load(const MdmChannel& c, std::int32_t number, Day& day) {
  day.local = local_day(number);
  const UtcSeconds start = day.local.start, end = start + day.local.length_s;
  AMITY_TRY(day.grid, grid_of(c.channel, day.local));
  AMITY_TRY(const auto first, readings_.read_first(c.channel.id, start, end));
  day.first_raw.assign(day.grid.slots, std::nullopt);
  for (const Reading& r : first) {
    const std::int64_t offset = r.time - start;
    if (offset % day.grid.interval_s == 0)
      day.first_raw[static_cast<std::size_t>(offset / day.grid.interval_s) - 1] = r.value;
  }
  AMITY_TRY(day.stored, finals_.day(c.channel.id, number));
  VeeDay& now = day.now;
  now = {};
  now.channel = c.channel.id;
  now.day = number;
  now.start = start;
  now.length_s = static_cast<std::uint32_t>(day.local.length_s);
  now.interval_s = c.channel.interval_s;
  now.revision = day.stored ? day.stored->day.revision : 0;
  day.before = slots_of(now, day.stored ? &*day.stored : nullptr, day.first_raw);
  AMITY_TRY(day.registers, points(c, start, end));
  return {};
}

namespace {

mdm::DayInput input_of(const MdmChannel& c, const mdm::DayGrid& grid,
                       std::span<const mdm::RegisterPoint> registers,
                       const SettleRequest& request) {
  mdm::DayInput in;
  in.grid = &grid;
  in.channel = &c.channel;
  in.now = request.now;
  in.point.active = c.active;
  in.point.commissioned = c.commissioned;
  in.clock_offset_s = request.clock_offset_s;
  in.registers = registers;
  in.face.interval_exponent = c.channel.exponent;
  in.face.rollover_from_permille = c.rules->rollover_from_permille;
  if (c.total) {
    in.face.exponent = c.total->exponent;
    in.point.register_resolution = 1;
    for (int e = c.channel.exponent; e < c.total->exponent; ++e) in.point.register_resolution *= 10;
  }
  return in;
}

}  // namespace

void MdmSettler::judge(const MdmChannel& c, const SettleRequest& request,
                       const mdm::ChannelState& state, Day& day) {
  const mdm::DayInput in = input_of(c, day.grid, day.registers, request);
  mdm::validate_day(*c.rules, in, state, day.verdict);
  mdm::slots_to_estimate(*c.rules, day.grid, day.verdict, day.open);
  day.after.assign(day.grid.slots, std::nullopt);
  day.missing = 0;
  for (std::size_t i = 0; i < day.grid.slots; ++i) {
    day.missing += day.grid.present[i] == 0;
    if (day.before[i].by_hand()) {
      day.after[i] = day.before[i].now;
      day.open[i] = 0;
    } else if (day.open[i] == 0) {
      day.after[i] = FinalValue{day.grid.value[i], FinalOrigin::kActual, 0, false};
    }
  }
  const bool estimated_before = day.stored && day.stored->day.estimated > 0;
  day.estimate = request.estimate || day.missing == 0 || estimated_before;
}

// Validated days between the same two register readings whose estimates or open intervals depend
// on each other, ascending; the day itself is not among them.
Result<std::vector<std::int32_t>> MdmSettler::linked_days(const MdmChannel& c, const Day& day) {
  std::vector<std::int32_t> days;
  if (!c.total) return days;
  const UtcSeconds start = day.now.start, end = day.now.end();
  constexpr std::int64_t kReach = std::int64_t{kLinkedDaysMax} * 86'400;
  AMITY_TRY(const auto around, points(c, start - kReach, end + kReach));
  UtcSeconds low(INT64_MIN), high(INT64_MAX);
  for (const mdm::RegisterPoint& p : around) {
    if ((p.time - start) % c.channel.interval_s != 0) continue;
    if (p.time <= start) low = p.time;
    if (p.time >= end) {
      high = p.time;
      break;
    }
  }
  if (low.value == INT64_MIN || high.value == INT64_MAX) return days;
  const std::int32_t first = calendar_.day_at(low).number;
  const std::int32_t last = calendar_.day_of_end(high).number;
  for (std::int32_t number = first; number <= last; ++number) {
    if (number == day.now.day) continue;
    AMITY_TRY(const auto stored, finals_.day(c.channel.id, number));
    if (stored && (stored->day.estimated > 0 || !stored->day.open.empty())) days.push_back(number);
  }
  return days;
}

// Final values of validated days, raw ones of others: what estimation may take as examples.
Status MdmSettler::add_past(const MdmChannel& c, std::int32_t number, mdm::SeriesWindow& window) {
  const mdm::LocalDay local = local_day(number);
  const UtcSeconds end = local.start + local.length_s;
  AMITY_TRY(const auto stored, finals_.day(c.channel.id, number));
  std::vector<Reading> values;
  if (stored) {
    AMITY_TRY(const auto series,
              store::final_series(readings_, finals_, c.channel.id, local.start, end));
    for (const store::FinalPoint& p : series.points) values.push_back(p.reading);
  } else {
    AMITY_TRY(values, readings_.read(c.channel.id, local.start, end));
  }
  mdm::DayGrid grid;
  AMITY_CHECK(mdm::lay_out(values, local, c.channel.interval_s, grid));
  std::vector<std::uint8_t> open(grid.slots);
  for (std::size_t i = 0; i < grid.slots; ++i) open[i] = grid.present[i] == 0;
  return window.add(grid, open);
}

// Estimates what is open in `days` (ascending), all together.
Status MdmSettler::fill(const MdmChannel& c, std::vector<Day>& days) {
  mdm::SeriesWindow window;
  std::vector<Day*> by_window_day;
  const std::int32_t last = days.back().now.day;
  auto next = days.begin();
  for (std::int32_t number = days.front().now.day - kPastDays; number <= last; ++number) {
    const bool ours = next != days.end() && next->now.day == number;
    by_window_day.push_back(ours ? &*next : nullptr);
    if (!ours) {
      AMITY_CHECK(add_past(c, number, window));
      continue;
    }
    mdm::DayGrid grid = next->grid;  // with what a person decided
    for (std::size_t i = 0; i < grid.slots; ++i) {
      if (!next->after[i]) continue;
      grid.present[i] = 1;
      grid.value[i] = next->after[i]->value;
      grid.quality[i] = quality_of(*next->after[i], grid.quality[i]).bits;
    }
    AMITY_CHECK(window.add(grid, next->open));
    ++next;
  }
  AMITY_TRY(const auto registers, points(c, window.start(), window.end_of(window.size() - 1)));
  SettleRequest none;
  mdm::EstimateInput input;
  input.window = &window;
  input.registers = registers;
  input.face = input_of(c, days.front().grid, registers, none).face;
  mdm::Estimates estimates;
  mdm::estimate(policy_, input, estimates);
  for (const mdm::SlotEstimate& e : estimates.slots) {
    const std::size_t d = window.day_of(e.slot);
    Day* day = by_window_day[d];
    if (day == nullptr || !day->estimate || e.method == mdm::Method::kNone) continue;
    day->after[e.slot - window.first_slot(d)] =
        FinalValue{e.value, FinalOrigin::kEstimated, static_cast<std::uint8_t>(e.method), e.scaled};
  }
  return {};
}

// The day as it now is: its sums, how it closes on the register, whether a person is to look.
void MdmSettler::finish(const MdmChannel& c, const SettleRequest& request,
                        const mdm::ChannelState& state, Day& day) {
  VeeDay& now = day.now;
  count_values(now, day.after);
  now.worst = static_cast<std::uint8_t>(day.verdict.worst);
  for (std::size_t r = 0; r < mdm::kRules; ++r) {
    const mdm::Finding& f = day.verdict.findings[r];
    if (f.outcome < Outcome::kWarn) continue;
    now.findings.push_back({static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(f.outcome),
                            static_cast<std::uint8_t>(f.check), f.slot, f.slots, f.n});
  }
  mdm::DayGrid final = day.grid;
  final.arrival = {};
  for (std::size_t i = 0; i < final.slots; ++i) {
    final.present[i] = day.after[i].has_value();
    final.value[i] = day.after[i] ? day.after[i]->value : 0;
    final.quality[i] = day.after[i] ? quality_of(*day.after[i], day.grid.quality[i]).bits : 0;
  }
  final.present_count = static_cast<std::uint32_t>(final.slots - now.open_count());
  mdm::DayVerdict again;
  mdm::validate_day(*c.rules, input_of(c, final, day.registers, request), state, again);
  const mdm::Finding& sum = again.of(mdm::Rule::kSum);
  const bool bounded = sum.check == mdm::Check::kSumAgrees || sum.check == mdm::Check::kSumDiffers;
  now.advance = bounded ? sum.n[1] : 0;
  if (!now.open.empty()) {
    now.closure = DayClosure::kOpen;
  } else if (bounded) {
    now.closure = now.total == now.advance              ? DayClosure::kExact
                  : sum.check == mdm::Check::kSumAgrees ? DayClosure::kTolerated
                                                        : DayClosure::kDiffers;
  }
  if (!day.estimate && !now.open.empty()) {
    now.state = VeeState::kWaiting;
  } else if (!now.open.empty() || again.worst == Outcome::kFail) {
    now.state = VeeState::kFailed;
  } else {
    now.state = now.estimated > 0 ? VeeState::kEstimated : VeeState::kClean;
  }
  for (const auto& v : day.after) {
    if (v && v->origin == FinalOrigin::kEstimated) now.at_stake += std::abs(v->value);
  }
  const auto open = static_cast<std::int64_t>(now.open_count());
  now.at_stake += state.like_mean(day.local.kind) * open / static_cast<std::int64_t>(now.slots());
  if (now.state == VeeState::kFailed && now.at_stake == 0) now.at_stake = std::abs(now.total);
}

Result<Settled> MdmSettler::settle(const MdmChannel& c, const SettleRequest& request) {
  Settled out;
  out.state = c.memory.state;
  const mdm::ChannelState past = as_of_past(c.memory.state);
  std::vector<Day> days(1);
  AMITY_CHECK(load(c, request.day, days[0]));
  judge(c, request, request.first ? c.memory.state : past, days[0]);
  out.missing = days[0].missing;
  out.present = days[0].grid.present_count;
  const std::size_t open =
      static_cast<std::size_t>(std::count(days[0].open.begin(), days[0].open.end(), 1));
  const bool waits = !days[0].estimate;
  if (request.first) {
    const auto in = input_of(c, days[0].grid, days[0].registers, request);
    mdm::absorb_day(in, days[0].verdict, open, out.state);
  }
  const bool had_estimates = days[0].stored && days[0].stored->day.estimated > 0;
  if (!waits && (open > 0 || had_estimates)) {
    AMITY_TRY(const auto linked, linked_days(c, days[0]));
    for (const std::int32_t number : linked) {
      Day& day = days.emplace_back();
      AMITY_CHECK(load(c, number, day));
      SettleRequest with = request;
      with.estimate = true;
      with.clock_offset_s.reset();
      judge(c, with, past, day);
    }
    std::ranges::sort(days, {}, [](const Day& d) { return d.now.day; });
  }
  const bool any_open = std::ranges::any_of(days, [](const Day& d) {
    return d.estimate && std::ranges::find(d.open, 1) != d.open.end();
  });
  if (any_open) AMITY_CHECK(fill(c, days));
  for (Day& day : days) {
    const bool asked = day.now.day == request.day;
    finish(c, request, asked && request.first ? c.memory.state : past, day);
    auto versions = mdm::final_changes(day.now, day.before, day.after, day.first_raw);
    const bool matters = !day.stored || !versions.empty() || day.stored->day.open != day.now.open ||
                         (request.always && asked);
    ++day.now.revision;
    if (matters) {
      out.facts.push_back({day.now, request.decision, std::move(versions)});
    } else if (day.stored) {
      day.now = day.stored->day;
    }
    if (asked) out.day = day.now;
  }
  return out;
}

Result<std::optional<ReadingsFinal>> MdmSettler::first_part(const MdmChannel& c,
                                                            std::int32_t number, UtcSeconds now) {
  std::optional<ReadingsFinal> none;
  const mdm::LocalDay local = local_day(number);
  const UtcSeconds end = local.start + local.length_s;
  const std::int64_t step = c.channel.interval_s;
  AMITY_TRY(const auto stored, finals_.day(c.channel.id, number));
  if (stored) return none;
  AMITY_TRY(auto raw, readings_.read_first(c.channel.id, local.start, end));
  std::erase_if(raw, [&](const Reading& r) { return (r.time - local.start) % step != 0; });
  if (raw.empty()) return none;
  ReadingsFinal fact;
  VeeDay& day = fact.day;
  day.channel = c.channel.id;
  day.day = number;
  day.start = raw.front().time - step;
  day.length_s = static_cast<std::uint32_t>(end - day.start);
  day.interval_s = c.channel.interval_s;
  day.revision = 1;
  auto reading = raw.begin();
  for (std::uint16_t slot = 0; slot < day.slots(); ++slot) {
    const UtcSeconds time = day.start + step * (slot + 1);
    if (reading != raw.end() && reading->time == time) {
      day.total += (reading++)->value;
    } else if (!day.open.empty() && day.open.back().second == slot) {
      ++day.open.back().second;
    } else {
      day.open.emplace_back(slot, static_cast<std::uint16_t>(slot + 1));
    }
  }
  day.worst = static_cast<std::uint8_t>(Outcome::kPass);
  day.state = day.open.empty() ? VeeState::kClean : VeeState::kFailed;
  if (!day.open.empty()) day.closure = DayClosure::kOpen;
  fact.decision = {now, "vee", "the day it begins on: taken as read from its first reading on", "", {}};
  return std::optional(std::move(fact));
}

}  // namespace amity::roles
