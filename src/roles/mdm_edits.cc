// Edits: proposed, decided, carried out. What the journal holds is what counts; carrying one out
// again changes nothing.
#include <algorithm>

#include "mdm/validate/finding.h"
#include "roles/mdm_role.h"

namespace amity::roles {
namespace {

constexpr std::uint8_t kAgreed = static_cast<std::uint8_t>(mdm::Method::kAgreed);

bool carried_out(const store::FinalDay& day, EditId edit) {
  return std::ranges::any_of(day.steps, [edit](const auto& s) { return s.decision.edit == edit; });
}

std::string day_text(const EditDay& d) {
  return "channel " + std::to_string(d.channel.value) + ", " +
         to_iso(UtcDay(d.day).start()).substr(0, 10);
}

}  // namespace

// The local days that the values belong to.
Status MdmRole::find_days(Edit& edit) {
  if (edit.kind != EditKind::kValues || edit.days.empty()) return {};
  const ChannelId channel = edit.days.front().channel;
  const auto found = channels_.find(channel);
  if (found == channels_.end())
    return make_error(ErrorCode::kInvalid, "the channel is not validated: it has no final values");
  std::vector<EditDay> days;
  for (const EditValue& v : edit.values) {
    const mdm::LocalDay day = calendar_.day_of_end(v.time);
    if ((v.time - day.start) % found->second->channel.interval_s != 0)
      return make_error(ErrorCode::kInvalid, "no interval ends " + to_iso(v.time));
    const EditDay of{channel, day.number};
    if (days.empty() || days.back() != of) days.push_back(of);
  }
  edit.days = std::move(days);
  return {};
}

Status MdmRole::check_days(const Edit& edit) {
  std::optional<Edit> undone;
  if (edit.kind == EditKind::kUndo) {
    AMITY_TRY(undone, store_.finals().edit(edit.undoes));
    if (!undone || undone->state != EditState::kApplied)
      return make_error(ErrorCode::kConflict, "only an edit that was applied can be undone");
  }
  for (const EditDay& d : edit.days) {
    AMITY_TRY(const auto stored, store_.finals().day(d.channel, d.day));
    if (!stored) return make_error(ErrorCode::kConflict, day_text(d) + " is not validated yet");
    if (edit.kind == EditKind::kAccept && !stored->day.open.empty())
      return make_error(ErrorCode::kConflict, day_text(d) + " has intervals without a value");
    if (edit.kind != EditKind::kUndo) continue;
    if (!carried_out(*stored, edit.undoes)) continue;  // it changed nothing on this day
    if (undone->kind == EditKind::kAccept) {
      if (stored->steps.back().decision.edit == edit.undoes) continue;
      return make_error(ErrorCode::kConflict, day_text(d) + " was decided again since");
    }
    AMITY_TRY([[maybe_unused]] const auto fact, edited(edit, *stored));
  }
  return {};
}

Decision MdmRole::decision_of(const Edit& edit) const {
  const bool alone = edit.decided_by.empty() || edit.decided_by == edit.requested_by;
  return {clock_.utc(), edit.requested_by, edit.reason, alone ? "" : edit.decided_by, edit.id};
}

// Whether a person had decided the day before this edit was carried out on it.
bool MdmRole::accepted_before(const store::FinalDay& stored, EditId undone) {
  bool accepted = false;
  for (const auto& step : stored.steps) {
    if (step.decision.edit == undone) return accepted;
    if (!step.decision.edit.valid()) continue;  // validation leaves what a person decided
    const auto edit = store_.finals().edit(step.decision.edit);
    accepted = edit.ok() && *edit &&
               ((*edit)->kind == EditKind::kAccept || (*edit)->kind == EditKind::kValues);
  }
  return false;
}

// A rerun decides days anew that share estimates with its own: they are taken back with it.
Status MdmRole::add_linked(Edit& edit) {
  constexpr std::int32_t kReach = 31;  // days between two register readings
  std::vector<EditDay> more;
  for (const EditDay& d : edit.days) {
    AMITY_TRY(const auto near, store_.finals().days(d.channel, d.day - kReach, d.day + kReach));
    for (const store::FinalDay& other : near) {
      if (carried_out(other, edit.undoes)) more.push_back({d.channel, other.day.day});
    }
  }
  edit.days.insert(edit.days.end(), more.begin(), more.end());
  std::ranges::sort(edit.days);
  edit.days.erase(std::unique(edit.days.begin(), edit.days.end()), edit.days.end());
  return {};
}

// The fact that carries the edit out on one day; nothing where it is carried out, or changes
// nothing.
Result<std::optional<ReadingsFinal>> MdmRole::edited(const Edit& edit,
                                                     const store::FinalDay& stored) {
  std::optional<ReadingsFinal> none;
  if (edit.id.valid() && carried_out(stored, edit.id)) return none;
  const VeeDay& day = stored.day;
  std::vector<std::optional<std::int64_t>> first_raw(day.slots());
  AMITY_TRY(const auto raw, store_.readings().read_first(day.channel, day.start, day.end()));
  for (const Reading& r : raw) {
    const std::int64_t offset = r.time - day.start;
    if (offset % day.interval_s == 0)
      first_raw[static_cast<std::size_t>(offset / day.interval_s) - 1] = r.value;
  }
  const auto before = slots_of(day, &stored, first_raw);
  std::vector<std::optional<FinalValue>> after(before.size());
  for (std::size_t i = 0; i < before.size(); ++i) after[i] = before[i].now;
  if (edit.kind == EditKind::kValues) {
    for (const EditValue& v : edit.values) {
      if (v.time <= day.start || v.time > day.end()) continue;
      after[static_cast<std::size_t>((v.time - day.start) / day.interval_s) - 1] =
          FinalValue{v.value, FinalOrigin::kEdited, kAgreed, false};
    }
  } else if (edit.kind == EditKind::kUndo) {
    for (const store::FinalDay::Step& step : stored.steps) {
      if (step.decision.edit != edit.undoes) continue;
      AMITY_CHECK(mdm::take_back(day, step.versions, before, after));
    }
  }
  ReadingsFinal fact{day, decision_of(edit), {}};
  fact.versions = mdm::final_changes(day, before, after, first_raw);
  const bool accepts = edit.kind == EditKind::kAccept && day.state != VeeState::kAccepted;
  const bool restores = edit.kind == EditKind::kUndo && day.state != VeeState::kAccepted &&
                        accepted_before(stored, edit.undoes);
  if (fact.versions.empty() && !accepts && !restores) return none;
  VeeDay& now = fact.day;
  ++now.revision;
  std::vector<std::uint8_t> absent(after.size());
  for (std::size_t i = 0; i < absent.size(); ++i) {
    const UtcSeconds time = day.start + static_cast<std::int64_t>(i + 1) * day.interval_s;
    absent[i] = !before[i].now && !stored.is_open(time);
  }
  count_values(now, after, absent);
  const bool bounded = now.advance != 0 || now.closure == DayClosure::kExact;
  now.closure = !now.open.empty()          ? DayClosure::kOpen
                : !bounded                 ? DayClosure::kUnbounded
                : now.total == now.advance ? DayClosure::kExact
                                           : DayClosure::kDiffers;
  if (edit.kind == EditKind::kAccept && now.open.empty()) now.closure = day.closure;
  if (!now.open.empty()) {
    now.state = VeeState::kFailed;
  } else if (restores) {
    now.state = VeeState::kAccepted;
  } else if (edit.kind == EditKind::kUndo) {
    now.state = now.estimated > 0 ? VeeState::kEstimated : VeeState::kClean;
  } else {
    now.state = VeeState::kAccepted;
  }
  return std::optional(std::move(fact));
}

// Gives it its number, where it may be proposed.
Status MdmRole::admit(Edit& edit) {
  const std::lock_guard lock(mutex_);
  std::ranges::sort(edit.days);
  edit.days.erase(std::unique(edit.days.begin(), edit.days.end()), edit.days.end());
  AMITY_CHECK(find_days(edit));
  if (edit.kind == EditKind::kUndo) AMITY_CHECK(add_linked(edit));
  AMITY_CHECK(check_days(edit));
  edit.id = EditId(++newest_edit_.value);
  edit.state = mdm::initial_state(options_.edits, edit.kind);
  if (edit.state == EditState::kApproved) {
    edit.decided_by = edit.requested_by;
    edit.decided = clock_.utc();
  }
  return {};
}

void MdmRole::propose(Edit edit, OnEdit done) {
  Status fits = mdm::check_proposal(edit);
  if (fits.ok()) fits = admit(edit);
  if (!fits.ok()) return done(fits.error());
  append_edit(std::move(edit), std::move(done));
}

void MdmRole::decide(const api::Services::EditDecision& decision, OnEdit done) {
  auto stored = store_.finals().edit(decision.id);
  if (!stored.ok()) return done(stored.error());
  if (!*stored) {
    return done(make_error(ErrorCode::kNotFound, "no edit " + std::to_string(decision.id.value)));
  }
  Edit edit = std::move(**stored);
  if (const Status may = mdm::check_decision(edit, decision.approve, decision.who, options_.edits);
      !may.ok()) {
    return done(may.error());
  }
  {
    const std::lock_guard lock(mutex_);
    if (!deciding_.insert(edit.id.value).second) {
      stored = make_error(ErrorCode::kConflict, "somebody else is deciding it");
    }
  }
  if (!stored.ok()) return done(stored.error());
  edit.state = decision.approve ? EditState::kApproved : EditState::kRejected;
  edit.decided_by = decision.who;
  edit.decided = clock_.utc();
  edit.comment = decision.comment;
  append_edit(std::move(edit), [this, done = std::move(done)](Result<Edit> kept) {
    if (!kept.ok()) {
      const std::lock_guard lock(mutex_);
      deciding_.clear();  // it may be tried again
    }
    done(std::move(kept));
  });
}

void MdmRole::append_edit(Edit edit, OnEdit done) {
  const EditChanged fact{edit};
  store_.journal().append(fact, [alive = alive_, edit = std::move(edit),
                                 done = std::move(done)](Result<store::Sequence> durable) {
    if (!*alive) return;
    done(durable.ok() ? Result<Edit>(edit) : Result<Edit>(durable.error()));
  });
}

// One decision a channel at a time; what waits is done at the next tick.
std::vector<Edit> MdmRole::plan_edits(std::vector<Work>& work) {
  std::vector<Edit> applied;
  for (auto& [id, edit] : approved_) {
    if (plan_edit(edit, work)) applied.push_back(edit);
  }
  for (const Edit& edit : applied) approved_.erase(edit.id);
  return applied;
}

void MdmRole::finish_edit(Edit edit) {
  const Edit approved = edit;
  edit.state = EditState::kApplied;
  if (edit.result.empty()) edit.result = "done";
  append_edit(std::move(edit), [this, approved](Result<Edit> kept) {
    const std::lock_guard lock(mutex_);
    if (kept.ok()) {
      ++counts_.edits_applied;
    } else {
      approved_[approved.id] = approved;
    }
  });
}

bool MdmRole::plan_edit(Edit& edit, std::vector<Work>& work) {
  bool whole = true;
  std::string refused;
  bool settles = edit.kind == EditKind::kRerun;
  if (edit.kind == EditKind::kUndo) {
    // What an acceptance put aside is what the rules say: they are asked again.
    const auto undone = store_.finals().edit(edit.undoes);
    settles = undone.ok() && *undone && (*undone)->kind == EditKind::kAccept;
  }
  for (const EditDay& d : edit.days) {
    const auto found = channels_.find(d.channel);
    if (found == channels_.end()) continue;
    MdmChannel& c = *found->second;
    const auto stored = store_.finals().day(d.channel, d.day);
    if (!stored.ok() || !*stored || carried_out(**stored, edit.id)) continue;
    if (c.in_flight) {
      whole = false;
      continue;
    }
    Work one;
    one.channel = d.channel;
    one.edit = edit.id;
    if (settles && d.day < c.memory.first_day) {
      refused = day_text(d) + ": the day it begins on is taken as read";
      continue;
    }
    if (settles) {
      one.request.day = d.day;
      one.request.now = clock_.utc();
      one.request.estimate = true;
      one.request.always = true;
      one.request.decision = decision_of(edit);
      if (c.rules == nullptr) continue;
      auto settled = settler_.settle(c, one.request);
      if (settled.ok()) one.facts = std::move(settled->facts);
    } else {
      auto fact = edited(edit, **stored);
      if (!fact.ok()) refused = day_text(d) + ": " + fact.error().reason;
      if (fact.ok() && *fact) one.facts.push_back(std::move(**fact));
    }
    if (one.facts.empty()) continue;
    whole = false;  // until they are durable
    c.in_flight = true;
    work.push_back(std::move(one));
  }
  if (!refused.empty()) edit.result = "not done: " + refused;
  return whole;
}

}  // namespace amity::roles
