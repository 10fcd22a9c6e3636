#include "roles/mdm_settler.h"

#include <algorithm>
#include <cstdlib>

#include "base/decimal.h"
#include "roles/mdm_settler_day.h"

namespace amity::roles {
namespace {

constexpr std::int32_t kLinkedDaysMax = 31;  // between two register readings

using mdm::Outcome;

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
    if (time <= stored->day.start || stored->is_open(time) || !first_raw[i]) continue;
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

void count_values(VeeDay& day, std::span<const std::optional<FinalValue>> values,
                  std::span<const std::uint8_t> absent) {
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
    if (i < absent.size() && absent[i] != 0) continue;
    if (!day.open.empty() && day.open.back().second == slot) {
      ++day.open.back().second;
    } else {
      day.open.emplace_back(slot, static_cast<std::uint16_t>(slot + 1));
    }
  }
}

// The register while the meter hung there. Between being installed and its first whole interval's
// begin, and from its removal to the end of its last interval, it stood still.
Result<std::vector<mdm::RegisterPoint>> MdmSettler::points(const MdmChannel& c, UtcSeconds from,
                                                           UtcSeconds to) {
  std::vector<mdm::RegisterPoint> out;
  if (!c.total) return out;
  const MeterLife life = life_of(c);
  const UtcSeconds until = c.memory.begins.value != 0 ? std::max(to, c.commissioned) : to;
  AMITY_TRY(const auto read, readings_.read(c.total->id, from - 1, until));
  std::optional<std::int64_t> last;
  for (const Reading& r : read) {
    if (!plain_register(r) || (c.memory.begins.value != 0 && r.time < c.commissioned) ||
        (c.removed.value != 0 && r.time > c.removed))
      continue;
    const bool first = c.memory.begins.value != 0 && r.time == c.commissioned;
    const UtcSeconds time = first ? life.from : r.time;
    if (time <= to && time >= from) out.push_back({time, r.value, mdm::PointKind::kRead, 1});
    if (r.time == c.removed) last = r.value;
  }
  if (c.ends.value != 0 && last && c.ends != c.removed && c.ends <= to)
    out.push_back({c.ends, *last, mdm::PointKind::kRead, 1});
  return out;
}

// The advance of all tariffs' registers together; nothing where one was not read at both ends.
Status MdmSettler::add_tariffs(const MdmChannel& c, Day& day) {
  if (c.tariffs.empty() || day.own.part) return {};
  std::int64_t sum = 0;
  for (const Channel& tariff : c.tariffs) {
    AMITY_TRY(const auto first, readings_.read(tariff.id, day.own.start - 1, day.own.start));
    AMITY_TRY(const auto last, readings_.read(tariff.id, day.own.end() - 1, day.own.end()));
    if (first.empty() || last.empty()) return {};
    const auto advance =
        rescale({last.back().value - first.back().value, tariff.exponent}, c.channel.exponent);
    if (!advance.ok()) return {};
    sum += *advance;
  }
  day.tariff_advance = sum;
  return {};
}

Status MdmSettler::load(const MdmChannel& c, std::int32_t number, Day& day) {
  day.local = local_day(number);
  const auto own = own_part(c, day.local);
  day.own = own.value_or(day.local.between(day.local.start, day.local.start));
  day.lead = static_cast<std::size_t>((day.own.start - day.local.start) / c.channel.interval_s);
  const UtcSeconds start = day.local.start, end = day.local.end();
  AMITY_TRY(day.grid, grid_of(c.channel, day.own));
  AMITY_TRY(const auto first, readings_.read_first(c.channel.id, start, end));
  day.first_raw.assign(day.local.slots(c.channel.interval_s), std::nullopt);
  for (const Reading& r : first) {
    const std::int64_t offset = r.time - start;
    if (offset % day.grid.interval_s != 0) continue;
    day.first_raw[static_cast<std::size_t>(offset / day.grid.interval_s) - 1] = r.value;
  }
  day.reported = reported_of(c.channel, first, day.own);
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
  for (std::size_t i = 0; !day.stored && i < day.before.size(); ++i) {
    // What a meter counted elsewhere is withdrawn.
    if (!day.is_own(i) && day.first_raw[i])
      day.before[i] = {FinalValue{*day.first_raw[i], FinalOrigin::kActual, 0, false}, 1};
  }
  AMITY_TRY(day.registers, points(c, day.own.start, day.own.end()));
  if (c.reactive) {
    AMITY_TRY(day.reactive, grid_of(*c.reactive, day.own));
  }
  return add_tariffs(c, day);
}

mdm::DayInput input_of(const MdmChannel& c, const mdm::DayGrid& grid,
                       std::span<const mdm::RegisterPoint> registers,
                       const SettleRequest& request) {
  mdm::DayInput in;
  in.grid = &grid;
  in.channel = &c.channel;
  in.now = request.now;
  in.point.active = c.active || c.removed.value != 0;
  in.point.commissioned = c.memory.begins.value != 0 ? c.memory.begins : c.commissioned;
  in.point.rating_per_hour = rating_at(c, grid.day.start);
  in.point.deenergised =
      c.supply != nullptr && grid.slots > 0 && c.supply->off_at_all(grid.day.start, grid.day.end());
  in.face.modulus = c.dial;
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

namespace {

// The meter delivers intervals of another length.
bool unlike_master(const mdm::DayVerdict& verdict) {
  const mdm::Finding& identity = verdict.of(mdm::Rule::kIdentity);
  return identity.check == mdm::Check::kInterval && identity.outcome == Outcome::kFail;
}

// An interval that the meter came or went in: nobody has it whole, the registers tell its part.
bool splits(const MdmChannel& c, const mdm::DayGrid& grid, std::size_t slot) {
  const UtcSeconds end = grid.end_of(slot), begin = end - std::int64_t{grid.interval_s};
  const bool came =
      c.memory.begins.value != 0 && begin == c.memory.begins && begin != c.commissioned;
  return came || (c.ends.value != 0 && end == c.ends && end != c.removed);
}

}  // namespace

void MdmSettler::judge(const MdmChannel& c, const SettleRequest& request,
                       const mdm::ChannelState& state, Day& day) {
  mdm::DayInput in = input_of(c, day.grid, day.registers, request);
  in.reactive = day.reactive ? &*day.reactive : nullptr;
  in.tariff_advance = day.tariff_advance;
  in.reported = day.reported;
  validate(c, in, state, day.verdict);
  mdm::slots_to_estimate(*c.rules, day.grid, day.verdict, day.open);
  day.after.assign(day.before.size(), std::nullopt);
  day.missing = 0;
  day.unlike = unlike_master(day.verdict);
  if (day.unlike) day.open.assign(day.grid.slots, 1);
  for (std::size_t i = 0; i < day.grid.slots; ++i) {
    day.missing += day.grid.present[i] == 0 && !splits(c, day.grid, i);
    if (day.before[day.lead + i].by_hand()) {
      day.after[day.lead + i] = day.before[day.lead + i].now;
      day.open[i] = 0;
    } else if (day.open[i] == 0) {
      day.after[day.lead + i] = FinalValue{day.grid.value[i], FinalOrigin::kActual, 0, false};
    }
  }
  const bool estimated_before = day.stored && day.stored->day.estimated > 0;
  day.estimate = !day.unlike && (request.estimate || day.missing == 0 || estimated_before);
}

// Validated days between the same two register readings whose estimates or open intervals depend
// on each other, ascending; the day itself is not among them.
Result<std::vector<std::int32_t>> MdmSettler::linked_days(const MdmChannel& c, const Day& day) {
  std::vector<std::int32_t> days;
  if (!c.total) return days;
  const UtcSeconds start = day.own.start, end = day.own.end();
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

namespace {

// What is worth telling; `lead`: slots of the day before those that were looked at.
void take_findings(const mdm::DayVerdict& verdict, std::size_t lead, VeeDay& day) {
  day.worst = static_cast<std::uint8_t>(verdict.worst);
  day.findings.clear();
  for (std::size_t r = 0; r < mdm::kRules; ++r) {
    const mdm::Finding& f = verdict.findings[r];
    if (f.outcome < Outcome::kWarn) continue;
    const auto slot =
        static_cast<std::int16_t>(f.slot < 0 ? f.slot : f.slot + static_cast<int>(lead));
    day.findings.push_back({static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(f.outcome),
                            static_cast<std::uint8_t>(f.check), slot, f.slots, f.n});
  }
}

}  // namespace

// The day as it now is: its sums, how it closes on the register, whether a person is to look.
void MdmSettler::finish(const MdmChannel& c, const SettleRequest& request,
                        const mdm::ChannelState& state, Day& day) {
  VeeDay& now = day.now;
  std::vector<std::uint8_t> absent(day.after.size());
  for (std::size_t i = 0; i < absent.size(); ++i) absent[i] = !day.is_own(i);
  count_values(now, day.after, absent);
  take_findings(day.verdict, day.lead, now);
  mdm::DayGrid final = day.grid;
  final.arrival = {};
  for (std::size_t i = 0; i < final.slots; ++i) {
    const auto& value = day.after[day.lead + i];
    final.present[i] = value.has_value();
    const auto counted = day.counted.empty() ? std::nullopt : day.counted[day.lead + i];
    final.value[i] = value ? counted.value_or(value->value) : 0;
    final.quality[i] = value ? quality_of(*value, day.grid.quality[i]).bits : 0;
  }
  final.present_count = static_cast<std::uint32_t>(final.slots - now.open_count());
  mdm::DayVerdict again;
  mdm::DayInput in = input_of(c, final, day.registers, request);
  in.tariff_advance = day.tariff_advance;
  in.reported = day.reported;
  validate(c, in, state, again);
  const mdm::Finding& sum = again.of(mdm::Rule::kSum);
  const bool bounded = sum.check == mdm::Check::kSumAgrees || sum.check == mdm::Check::kSumDiffers;
  now.advance = bounded ? sum.n[1] + day.apportioned : 0;
  if (!now.open.empty()) {
    now.closure = DayClosure::kOpen;
  } else if (bounded) {
    now.closure = now.total == now.advance              ? DayClosure::kExact
                  : sum.check == mdm::Check::kSumAgrees ? DayClosure::kTolerated
                                                        : DayClosure::kDiffers;
  }
  if (!day.estimate && !day.unlike && !now.open.empty()) {
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
  if (now.state == VeeState::kFailed && now.at_stake == 0)
    now.at_stake = std::abs(day.unlike ? day.verdict.total : now.total);
}

// A day on which the meter did not hang there: what was given out before that was known is taken
// back.
void MdmSettler::withdraw(const SettleRequest& request, Day& day, Settled& out) {
  day.after.assign(day.before.size(), std::nullopt);
  auto versions = mdm::final_changes(day.now, day.before, day.after, day.first_raw);
  out.day = day.now;
  if (!day.stored || (versions.empty() && day.stored->day.open.empty())) return;
  ++day.now.revision;
  day.now.worst = static_cast<std::uint8_t>(Outcome::kPass);
  out.day = day.now;
  out.facts.push_back({day.now, request.decision, std::move(versions)});
  out.facts.back().decision.why = "the meter did not hang there";
}

Result<Settled> MdmSettler::settle(const MdmChannel& c, const SettleRequest& request) {
  Settled out;
  out.state = c.memory.state;
  const mdm::ChannelState past = as_of_past(c.memory.state);
  std::vector<Day> days(1);
  AMITY_CHECK(load(c, request.day, days[0]));
  if (days[0].grid.slots == 0) {
    withdraw(request, days[0], out);
    return out;
  }
  judge(c, request, request.first ? c.memory.state : past, days[0]);
  out.missing = days[0].missing;
  out.present = days[0].grid.present_count;
  const std::size_t open =
      static_cast<std::size_t>(std::count(days[0].open.begin(), days[0].open.end(), 1));
  const bool waits = !days[0].estimate;
  if (request.first) {
    const auto in = input_of(c, days[0].grid, days[0].registers, request);
    absorb(c, in, days[0].verdict, open, days[0].local.end(), out.state);
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
    apportion(c, day);
    finish(c, request, asked && request.first ? c.memory.state : past, day);
    auto versions = mdm::final_changes(day.now, day.before, day.after, day.first_raw);
    // A register that came late may show what no value tells: that the day does not close.
    const bool matters = !day.stored || !versions.empty() || day.stored->day.open != day.now.open ||
                         day.stored->day.closure != day.now.closure || (request.always && asked);
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

// The rules that need neither another day nor a whole one.
Status MdmSettler::judge_part(const MdmChannel& c, std::span<const Reading> raw, UtcSeconds now,
                              Day& day) {
  using mdm::Rule;
  constexpr Rule kOfOneDay[] = {Rule::kIdentity, Rule::kClock,   Rule::kCount, Rule::kStatus,
                                Rule::kNegative, Rule::kCeiling, Rule::kSum};
  mdm::RuleSet rules = *c.rules;
  for (std::size_t r = 0; r < mdm::kRules; ++r) {
    if (std::ranges::find(kOfOneDay, static_cast<Rule>(r)) == std::end(kOfOneDay))
      rules.action[r].consequence = mdm::Consequence::kOff;
  }
  AMITY_TRY(day.grid, grid_of(c.channel, day.own));
  AMITY_TRY(day.registers, points(c, day.own.start, day.own.end()));
  SettleRequest request;
  request.now = now;
  mdm::DayInput in = input_of(c, day.grid, day.registers, request);
  in.reported = reported_of(c.channel, raw, day.own);
  mdm::validate_day(rules, in, {}, day.verdict);
  day.unlike = unlike_master(day.verdict);
  return {};
}

Result<std::optional<ReadingsFinal>> MdmSettler::first_part(const MdmChannel& c,
                                                            std::int32_t number, UtcSeconds now) {
  std::optional<ReadingsFinal> none;
  const mdm::LocalDay local = local_day(number);
  const UtcSeconds end = local.start + local.length_s;
  const std::int64_t step = c.channel.interval_s;
  AMITY_TRY(const auto stored, finals_.day(c.channel.id, number));
  AMITY_TRY(const auto all, readings_.read_first(c.channel.id, local.start, end));
  auto raw = all;
  std::erase_if(raw, [&](const Reading& r) {
    return (r.time - local.start) % step != 0 || r.time - step < c.commissioned;
  });
  if (raw.empty()) return none;
  ReadingsFinal fact;
  VeeDay& day = fact.day;
  if (stored) day = stored->day;
  day.channel = c.channel.id;
  day.day = number;
  day.start = raw.front().time - step;
  if (stored) day.start = std::min(day.start, stored->day.start);
  day.length_s = static_cast<std::uint32_t>(end - day.start);
  day.interval_s = c.channel.interval_s;
  day.revision = stored ? stored->day.revision + 1 : 1;
  std::vector<std::optional<std::int64_t>> first_raw(day.slots());
  for (const Reading& r : raw)
    first_raw[static_cast<std::size_t>((r.time - day.start) / step) - 1] = r.value;
  const auto before = slots_of(day, stored ? &*stored : nullptr, first_raw);
  Day part;
  part.local = part.own = local.between(day.start, end);
  part.estimate = true;
  AMITY_CHECK(judge_part(c, all, now, part));
  part.after.resize(before.size());
  for (std::size_t i = 0; i < part.after.size(); ++i) {
    auto& after = part.after[i] = before[i].now;
    if (before[i].by_hand()) continue;
    if (part.unlike)
      after.reset();
    else if (first_raw[i] && (!after || after->origin == FinalOrigin::kEstimated))
      after = FinalValue{*first_raw[i], FinalOrigin::kActual, 0, false};
  }
  apportion(c, part);
  fact.versions = mdm::final_changes(day, before, part.after, first_raw);
  count_values(day, part.after, {});
  if (stored && fact.versions.empty() && day.start == stored->day.start &&
      day.open == stored->day.open) {
    return none;
  }
  take_findings(part.verdict, 0, day);
  const bool good = day.open.empty() && part.verdict.worst != Outcome::kFail;
  day.state = !good               ? VeeState::kFailed
              : day.estimated > 0 ? VeeState::kEstimated
                                  : VeeState::kClean;
  day.closure = day.open.empty() ? VeeDay().closure : DayClosure::kOpen;
  fact.decision = {
      now, "vee", "the day it begins on: taken as read from its first reading on", "", {}};
  return std::optional(std::move(fact));
}

}  // namespace amity::roles
