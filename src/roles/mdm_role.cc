#include "roles/mdm_role.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "roles/meter_exchange.h"
#include "roles/ratio_change.h"

namespace amity::roles {
namespace {

constexpr std::string_view kChannelPrefix = "channel/";
constexpr std::size_t kWorkPerTickMax = 2'000;  // days settled at one go
constexpr std::size_t kReadsPerTickMax = 1'000;
constexpr std::int32_t kEarlierDaysMax = 400;
constexpr std::int64_t kClockSeenWithin_s = 6 * 3'600;

void add_once(std::vector<std::int32_t>& days, std::int32_t day) {
  const auto at = std::ranges::lower_bound(days, day);
  if (at == days.end() || *at != day) days.insert(at, day);
}

// A meter that is only heard is never asked: it sends when it likes.
std::string waited_text(std::uint32_t attempts) {
  if (attempts == 0) return "nothing more came";
  return "the meter was asked " + std::to_string(attempts) + (attempts == 1 ? " time" : " times");
}

}  // namespace

MdmRole::MdmRole(store::Store& store, const Clock& clock, TimeZone zone, MdmOptions options)
    : store_(store),
      clock_(clock),
      zone_(zone),
      options_(std::move(options)),
      calendar_(zone, options_.facts.holidays),
      settler_(store.readings(), store.finals(), calendar_, options_.estimate) {
  if (options_.rules.sets().empty()) {
    auto shipped = mdm::rules_from_toml(mdm::default_rules_text());
    AMITY_ASSERT(shipped.ok());
    options_.rules = std::move(shipped).value();
  }
}

MdmRole::~MdmRole() {
  const std::lock_guard lock(mutex_);
  *alive_ = false;
}

Status MdmRole::load() {
  const std::lock_guard lock(mutex_);
  AMITY_CHECK(load_channels());
  AMITY_CHECK(load_memories());
  AMITY_CHECK(load_supplies());
  AMITY_CHECK(load_areas());
  AMITY_CHECK(store_.finals().each_exception([this](const VeeDay& day) { remember(day); }));
  AMITY_TRY(newest_edit_, store_.finals().newest_edit());
  AMITY_TRY(const auto edits, store_.finals().open_edits());
  for (const Edit& edit : edits) {
    if (edit.state == EditState::kApproved) approved_[edit.id] = edit;
  }
  return {};
}

bool MdmRole::add_channel(const Channel& channel, const std::vector<Channel>& siblings) {
  if (!is_validated(channel)) {
    not_ours_.insert(channel.id);
    return false;
  }
  auto c = std::make_unique<MdmChannel>();
  c->channel = channel;
  c->device = channel.device;
  for (const Channel& other : siblings) {
    if (is_total_of(other, channel)) c->total = other;
    if (is_validated(other) && other.id < channel.id) c->leads = false;
  }
  const auto at = std::ranges::lower_bound(order_, channel.id, {},
                                           [](const MdmChannel* m) { return m->channel.id; });
  order_.insert(at, c.get());
  if (c->total) totals_[c->total->id] = c.get();
  channels_[channel.id] = std::move(c);
  return true;
}

Status MdmRole::load_memories() {
  Status damaged;
  AMITY_CHECK(store_.finals().each_state(
      std::string(kChannelPrefix), [&](const std::string& name, ByteView bytes) {
        const ChannelId id(static_cast<std::uint32_t>(
            std::strtoul(name.c_str() + kChannelPrefix.size(), nullptr, 10)));
        const auto found = channels_.find(id);
        if (found == channels_.end()) return;
        auto memory = decode_memory(bytes);
        if (!memory.ok()) {
          damaged = make_error(memory.error().code, name + ": " + memory.error().reason);
          return;
        }
        found->second->memory = std::move(*memory);
        set_next_end(*found->second);
      }));
  AMITY_CHECK(std::move(damaged));
  // Of a channel without a memory the stored readings say where it begins.
  for (MdmChannel* c : order_) c->has_data = c->memory.next_day == kNoDay;
  return {};
}

MdmChannel* MdmRole::channel_of(ChannelId id) {
  const auto found = channels_.find(id);
  if (found != channels_.end()) return found->second.get();
  if (not_ours_.contains(id)) return nullptr;
  // The head-end found a quantity that master data did not have.
  const auto channel = store_.registry().channel(id);
  if (!channel.ok() || !*channel) return nullptr;
  not_ours_.insert(id);  // until the next start, unless it is of a kind that is validated
  if (!is_validated(**channel)) return nullptr;
  const auto siblings = store_.registry().channels_of((*channel)->device);
  if (!siblings.ok()) return nullptr;
  const auto place = place_of((*channel)->device);
  if (!place.ok()) return nullptr;
  not_ours_.erase(id);
  (void)add_channel(**channel, *siblings);
  MdmChannel* made = channels_[id].get();
  if (*place) {
    learn(*made, **place, *siblings);
  } else {
    learn_rules(*made);
  }
  made->has_data = true;
  if (const auto supply = supplies_.find(made->device); supply != supplies_.end())
    made->supply = &supply->second;
  return made;
}

void MdmRole::set_next_end(MdmChannel& c) {
  c.next_start = c.next_end = UtcSeconds();
  if (c.memory.next_day == kNoDay) return;
  const mdm::LocalDay day = settler_.local_day(c.memory.next_day);
  const mdm::LocalDay own = own_part(c, day).value_or(day);
  c.next_start = own.start;
  c.next_end = own.end();
}

void MdmRole::handle(const store::JournalEntry& entry) {
  const std::lock_guard lock(mutex_);
  if (const auto* arrived = std::get_if<ReadingsArrived>(&entry.fact)) {
    take(*arrived);
  } else if (const auto* events = std::get_if<EventsArrived>(&entry.fact)) {
    if (events->source == kExchangeSource) learn_exchange(*events);
    if (events->source == kRatioSource) learn_ratios(*events);
    take_switches(*events);
  } else if (const auto* command = std::get_if<CommandChanged>(&entry.fact)) {
    take_switch(*command);
  } else if (const auto* contact = std::get_if<ContactMade>(&entry.fact)) {
    if (contact->clock_known) clocks_[contact->device] = {contact->at, contact->clock_offset_s};
  } else if (const auto* edit = std::get_if<EditChanged>(&entry.fact)) {
    if (edit->edit.state == EditState::kApproved) {
      const auto stored = store_.finals().edit(edit->edit.id);
      if (stored.ok() && *stored && (*stored)->state == EditState::kApproved)
        approved_[edit->edit.id] = edit->edit;
    }
    newest_edit_ = std::max(newest_edit_, edit->edit.id);
  }
}

void MdmRole::take(const ReadingsArrived& arrived) {
  MdmChannel* c = nullptr;
  ChannelId last;
  for (const Reading& reading : arrived.readings) {
    if (reading.channel != last) {
      last = reading.channel;
      c = channel_of(reading.channel);
    }
    if (c == nullptr) {
      if (const auto total = totals_.find(reading.channel); total != totals_.end())
        take_register(reading, *total->second);
      continue;
    }
    if (c->memory.next_day == kNoDay) {
      c->has_data = true;
      continue;
    }
    const bool of_next = reading.time > c->next_start;
    if (of_next && (!c->in_flight || reading.time > c->next_end))
      continue;  // its day is validated in its turn
    const std::int32_t day = calendar_.day_of_end(reading.time).number;
    if (c->in_flight) {
      add_once(c->meanwhile, day);
    } else if (day < c->memory.first_day) {
      begin_earlier(*c, day);
    } else if (is_news(*c, day, reading)) {
      add_once(c->memory.dirty, day);
    } else {
      continue;
    }
    c->changed = true;
  }
}

// A register that comes late bounds what was estimated without it.
void MdmRole::take_register(const Reading& reading, MdmChannel& of) {
  if (of.memory.next_day == kNoDay) return;
  if (reading.time > of.next_start && (!of.in_flight || reading.time > of.next_end)) return;
  if (reading.time.value % of.channel.interval_s != 0) return;
  const std::int32_t ends = calendar_.day_of_end(reading.time).number;
  const std::int32_t begins = calendar_.day_at(reading.time).number;
  for (const std::int32_t day : {ends, begins}) {
    if (day > of.memory.next_day) continue;
    if (of.in_flight) {  // it was perhaps estimated without it
      add_once(of.meanwhile, day);
      of.changed = true;
      continue;
    }
    const auto stored = store_.finals().day(of.channel.id, day);
    if (!stored.ok() || !*stored || (*stored)->day.estimated == 0) continue;
    if ((*stored)->day.closure != DayClosure::kUnbounded) continue;
    add_once(of.memory.dirty, day);
    of.changed = true;
  }
}

// Whether a reading of a validated day says something else than what was given out.
bool MdmRole::is_news(const MdmChannel& c, std::int32_t day, const Reading& reading) {
  const auto stored = store_.finals().day(c.channel.id, day);
  if (!stored.ok()) return true;  // settling will tell
  if (!*stored) return true;      // before the first whole day, or lost on its way
  const store::FinalDay& d = **stored;
  if ((reading.time - d.day.start) % d.day.interval_s != 0) return false;
  if (d.is_open(reading.time)) return true;
  if (const FinalVersion* newest = d.newest(reading.time)) {
    if (newest->now.origin == FinalOrigin::kEdited) return false;
    if (newest->now.origin == FinalOrigin::kActual) return newest->now.value != reading.value;
    return true;
  }
  const auto first = store_.readings().read_first(c.channel.id, reading.time - 1, reading.time);
  return !first.ok() || first->empty() || first->front().value != reading.value;
}

// A push came before what the meter had kept until then.
void MdmRole::begin_earlier(MdmChannel& c, std::int32_t day) {
  MdmMemory& memory = c.memory;
  // The day the meter came on has no rules: what is late of it is taken as read.
  if (day == memory.first_day - 1 && settler_.local_day(day).start < c.commissioned)
    return add_once(memory.dirty, day);
  day = std::max(day, memory.first_day - kEarlierDaysMax);
  while (day < memory.first_day && settler_.local_day(day).start < c.commissioned) ++day;
  for (std::int32_t d = day; d < memory.first_day; ++d) add_once(memory.dirty, d);
  memory.first_day = std::min(memory.first_day, day);
}

// The first whole local day; where its register was read when it was installed, the day of that.
void MdmRole::begin_channel(MdmChannel& c) {
  if (waits_for_predecessor(c)) return;
  c.has_data = false;
  const auto span = store_.readings().span(c.channel.id);
  if (!span.ok() || span->first.value == 0) return;
  UtcSeconds from = std::max(span->first - std::int64_t{c.channel.interval_s}, c.commissioned);
  if (bounded_at(c, c.commissioned)) {
    from = interval_begin(c, c.commissioned);
    c.memory.begins = from;
  }
  const mdm::LocalDay day = calendar_.day_at(from);
  const bool whole = from == day.start || c.memory.begins.value != 0;
  c.memory.first_day = c.memory.next_day = whole ? day.number : day.number + 1;
  const auto old = c.before ? channels_.find(c.before->id) : channels_.end();
  if (old != channels_.end())
    c.memory.state = inherited(old->second->memory.state, *c.before, c.channel, c.commissioned);
  set_next_end(c);
  c.changed = true;
}

void MdmRole::tick() {
  std::vector<Work> work;
  std::vector<Read> reads;
  std::vector<Edit> applied;
  {
    const std::lock_guard lock(mutex_);
    close_areas(clock_.utc());
    applied = plan_edits(work);
    plan(work, reads);
  }
  publish(std::move(work));
  for (Edit& edit : applied) finish_edit(std::move(edit));
  if (!request_read_) return;
  for (const Read& read : reads) request_read_(read.device, read.after, read.until);
}

void MdmRole::plan(std::vector<Work>& work, std::vector<Read>& reads) {
  const UtcSeconds now = clock_.utc();
  for (MdmChannel* c : order_) {
    if (work.size() >= kWorkPerTickMax) return;
    const bool gone = !c->active && c->removed.value == 0;
    if (c->rules == nullptr || gone || c->in_flight) continue;
    if (c->memory.next_day == kNoDay && c->has_data) begin_channel(*c);
    if (c->memory.next_day == kNoDay) continue;
    plan_channel(*c, now, work, reads);
  }
}

// One thing at a time: late readings, then what waited too long, then the next day.
void MdmRole::plan_channel(MdmChannel& c, UtcSeconds now, std::vector<Work>& work,
                           std::vector<Read>& reads) {
  MdmMemory& memory = c.memory;
  SettleRequest request;
  request.now = now;
  request.decision = {now, "vee", "", "", {}};
  if (!memory.dirty.empty()) {
    request.day = memory.dirty.front();
    request.decision.why = "late readings";
    if (settle(c, request, work)) return;
  }
  const auto area = areas_.find(c.area);
  const bool storm = area != areas_.end() && area->second.guard.suspended();
  std::optional<Read> read;
  for (WaitingDay& waiting : memory.waiting) {
    const bool removed = c.removed.value != 0;
    const mdm::Reread due = removed ? mdm::Reread::kGiveUp
                                    : mdm::reread_due(options_.reread, waiting.end,
                                                      waiting.attempts, waiting.last_attempt, now);
    if (due == mdm::Reread::kGiveUp && !storm) {
      request.day = waiting.day;
      request.estimate = true;
      request.decision.why =
          removed ? "the meter is not there any more" : waited_text(waiting.attempts);
      if (settle(c, request, work)) return;
    } else if (due == mdm::Reread::kNow && reads.size() < kReadsPerTickMax) {
      ++waiting.attempts;
      waiting.last_attempt = now;
      c.changed = true;
      const mdm::LocalDay day = settler_.local_day(waiting.day);
      if (!read) read = Read{c.device, day.start, waiting.end};
      read->until = waiting.end;
    }
  }
  if (read) {
    // Channels of a meter are read together.
    const bool asked = std::ranges::any_of(reads, [&](const Read& r) {
      return r.device == read->device && r.after <= read->after && r.until >= read->until;
    });
    if (!asked) reads.push_back(*read), ++counts_.rereads;
  }
  if (now - c.next_end < options_.validate_after_s) return;
  if (c.ends.value != 0 && c.next_start >= c.ends) return;  // its last day is over
  request.day = memory.next_day;
  request.estimate = false;
  request.first = true;
  request.decision.why = "validated";
  const auto seen = clocks_.find(c.device);
  if (seen != clocks_.end() && seen->second.at <= c.next_end + kClockSeenWithin_s &&
      seen->second.at > c.next_end - 86'400) {
    request.clock_offset_s = seen->second.offset_s;
  }
  (void)settle(c, request, work);
}

Result<Settled> MdmRole::settle_first_part(const MdmChannel& c, const SettleRequest& request) {
  Settled settled;
  settled.state = c.memory.state;
  AMITY_TRY(auto part, settler_.first_part(c, request.day, request.now));
  if (!part) return settled;
  settled.day = part->day;
  settled.facts.push_back(std::move(*part));
  return settled;
}

// False when it failed and something else may be tried.
bool MdmRole::settle(MdmChannel& c, SettleRequest request, std::vector<Work>& work) {
  auto settled = request.day < c.memory.first_day ? settle_first_part(c, request)
                                                  : settler_.settle(c, request);
  if (!settled.ok()) {
    ++counts_.errors;
    spdlog::error("mdm: channel {}, day {}: {}", c.channel.id.value, request.day,
                  to_string(settled.error()));
    return false;
  }
  if (request.first && request.day == c.memory.first_day) {
    auto part = settler_.first_part(c, request.day - 1, request.now);
    if (part.ok() && *part) settled->facts.push_back(std::move(**part));
  }
  c.in_flight = true;
  Work one;
  one.channel = c.channel.id;
  one.facts = settled->facts;
  one.request = std::move(request);
  one.settled = std::move(*settled);
  work.push_back(std::move(one));
  return true;
}

// Outside of the lock: the journal may answer at once.
void MdmRole::publish(std::vector<Work> all) {
  for (Work& one : all) {
    const auto work = std::make_shared<Work>(std::move(one));
    if (work->facts.empty()) {
      const std::lock_guard lock(mutex_);
      done(work);
      continue;
    }
    struct Left {
      std::size_t count;
      bool failed = false;
    };
    const auto left = std::make_shared<Left>(Left{work->facts.size()});
    for (const ReadingsFinal& fact : work->facts) {
      store_.journal().append(fact,
                              [this, alive = alive_, work, left](Result<store::Sequence> durable) {
                                if (!*alive) return;
                                const std::lock_guard lock(mutex_);
                                left->failed = left->failed || !durable.ok();
                                if (--left->count > 0) return;
                                if (!left->failed) return done(work);
                                const auto c = channels_.find(work->channel);  // it is tried again
                                if (c != channels_.end()) land(*c->second);
                              });
    }
  }
}

// Nothing of it is in flight any more.
void MdmRole::land(MdmChannel& c) {
  c.in_flight = false;
  c.changed = true;
  for (const std::int32_t day : c.meanwhile) {
    if (day < c.memory.first_day)
      begin_earlier(c, day);
    else
      add_once(c.memory.dirty, day);
  }
  c.meanwhile.clear();
}

// Under the lock: what was decided is durable.
void MdmRole::done(const std::shared_ptr<Work>& work) {
  for (const ReadingsFinal& fact : work->facts) {
    count(fact);
    remember(fact.day);
  }
  const auto found = channels_.find(work->channel);
  if (found == channels_.end()) return;
  MdmChannel& c = *found->second;
  MdmMemory& memory = c.memory;
  const SettleRequest& request = work->request;
  if (!work->edit.valid()) std::erase(memory.dirty, request.day);
  land(c);
  if (work->edit.valid()) return;
  const auto waits = [&](std::int32_t day) {
    return std::ranges::find(memory.waiting, day, &WaitingDay::day);
  };
  for (const ReadingsFinal& fact : work->facts) {
    const auto at = waits(fact.day.day);
    if (fact.day.state != VeeState::kWaiting && at != memory.waiting.end())
      memory.waiting.erase(at);
    if (fact.day.state == VeeState::kWaiting && at == memory.waiting.end())
      memory.waiting.push_back({fact.day.day, 0, UtcSeconds(), fact.day.end()});
  }
  if (request.estimate)
    std::erase_if(memory.waiting, [&](const auto& w) { return w.day == request.day; });
  if (!request.first || request.day != memory.next_day) return;
  if (work->facts.empty() && work->settled.day.state == VeeState::kWaiting &&
      waits(request.day) == memory.waiting.end()) {  // published before a crash
    memory.waiting.push_back({request.day, 0, UtcSeconds(), work->settled.day.end()});
  }
  memory.state = work->settled.state;
  ++memory.next_day;
  set_next_end(c);
  const auto [at_area, fresh] = areas_.try_emplace(c.area);
  Area& area = at_area->second;
  if (fresh) area.guard = mdm::StormGuard(options_.storm);
  if (!area.closed.empty() && area.closed.back().day >= request.day) return;
  Area::Day& tally = area.open[request.day];
  tally.day = request.day;
  tally.devices += c.leads;
  tally.expected += work->settled.missing + work->settled.present;
  tally.received += work->settled.present;
  area.changed = true;
}

void MdmRole::count(const ReadingsFinal& fact) {
  ++counts_.decisions;
  counts_.days_validated += fact.day.revision == 1;
  for (const VeeFinding& f : fact.day.findings) {
    if (fact.day.revision != 1 || f.rule >= mdm::kRules) continue;
    ++(f.outcome == static_cast<std::uint8_t>(mdm::Outcome::kFail) ? counts_.failures
                                                                   : counts_.warnings)[f.rule];
  }
  for (const FinalVersion& v : fact.versions) {
    counts_.corrections += v.before.has_value();
    if (v.now.origin == FinalOrigin::kEstimated) ++counts_.estimates[v.now.method];
  }
}

void MdmRole::remember(const VeeDay& day) {
  const EditDay key{day.channel, day.day};
  const bool exception = day.state == VeeState::kWaiting || day.state == VeeState::kEstimated ||
                         day.state == VeeState::kFailed;
  if (exception) {
    exceptions_[key] = day;
  } else {
    exceptions_.erase(key);
  }
}

Status MdmRole::save() {
  std::vector<std::pair<std::string, Bytes>> states;
  const std::lock_guard lock(mutex_);
  std::vector<MdmChannel*> saved;
  for (MdmChannel* c : order_) {
    if (!c->changed) continue;
    Bytes bytes;
    MdmMemory memory = c->memory;
    for (const std::int32_t day : c->meanwhile) add_once(memory.dirty, day);
    encode_memory(memory, bytes);
    states.emplace_back(std::string(kChannelPrefix) + std::to_string(c->channel.id.value),
                        std::move(bytes));
    saved.push_back(c);
  }
  AMITY_CHECK(save_areas(states));
  save_supplies(states);
  AMITY_CHECK(store_.finals().save_states(states));
  for (MdmChannel* c : saved) c->changed = false;
  for (auto& [name, area] : areas_) area.changed = false;
  supplies_changed_.clear();
  return {};
}

}  // namespace amity::roles
