#include "store/kv_finals.h"

#include <algorithm>

#include "store/limits.h"

namespace amity::store {
namespace {

constexpr char kDay = 'D', kException = 'X', kEdit = 'E', kOpenEdit = 'W', kState = 'S';
constexpr std::size_t kDayKeySize = 1 + 4 + 4, kEditKeySize = 1 + 8;

std::string day_key(char table, std::int32_t day, ChannelId channel) {
  std::string key(1, table);
  append_key_i32(key, day);
  append_key_u32(key, channel.value);
  return key;
}

std::string edit_key(char table, EditId id) {
  std::string key(1, table);
  append_key_u64(key, id.value);
  return key;
}

std::string past(char table) {
  return std::string(1, static_cast<char>(table + 1));
}

bool is_exception(VeeState state) {
  return state == VeeState::kWaiting || state == VeeState::kEstimated || state == VeeState::kFailed;
}

Error at_day(const Error& error, ChannelId channel, std::int32_t day) {
  return make_error(error.code, "final values of channel " + std::to_string(channel.value) +
                                    ", day " + to_iso(UtcDay(day).start()).substr(0, 10) + ": " +
                                    error.reason);
}

Error at_edit(const Error& error, EditId id) {
  return make_error(error.code, "edit " + std::to_string(id.value) + ": " + error.reason);
}

}  // namespace

const FinalVersion* FinalDay::newest(UtcSeconds time) const {
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const auto at = std::ranges::lower_bound(step->versions, time, {}, &FinalVersion::time);
    if (at != step->versions.end() && at->time == time) return &*at;
  }
  return nullptr;
}

bool FinalDay::is_open(UtcSeconds time) const {
  const std::int64_t slot = (time - day.start) / day.interval_s - 1;
  return std::ranges::any_of(
      day.open, [slot](const auto& run) { return slot >= run.first && slot < run.second; });
}

Status KvFinals::apply(const ReadingsFinal& fact) {
  const std::lock_guard lock(apply_mutex_);
  const VeeDay& d = fact.day;
  AMITY_TRY(auto stored, day(d.channel, d.day));
  if (stored && stored->day.revision >= d.revision) return {};  // this fact again
  FinalDay now = stored ? std::move(*stored) : FinalDay{};
  if (now.steps.size() >= kDecisionsPerDayMax) {
    return at_day(make_error(ErrorCode::kLimit, "it was decided too often"), d.channel, d.day);
  }
  now.day = d;
  now.steps.push_back({fact.decision, fact.versions});
  KvBatch batch;
  batch.put(Family::kFinals, day_key(kDay, d.day, d.channel), encode_final_day(now));
  if (is_exception(d.state)) {
    batch.put(Family::kFinals, day_key(kException, d.day, d.channel), "");
  } else {
    batch.remove(Family::kFinals, day_key(kException, d.day, d.channel));
  }
  return kv_.write(batch, Sync::kNo);
}

Status KvFinals::apply(const EditChanged& fact) {
  const std::lock_guard lock(apply_mutex_);
  AMITY_TRY(const auto stored, edit(fact.edit.id));
  if (stored && stored->state >= fact.edit.state) return {};  // this fact again
  KvBatch batch;
  batch.put(Family::kFinals, edit_key(kEdit, fact.edit.id), encode_stored_edit(fact.edit));
  if (fact.edit.state == EditState::kProposed || fact.edit.state == EditState::kApproved) {
    batch.put(Family::kFinals, edit_key(kOpenEdit, fact.edit.id), "");
  } else {
    batch.remove(Family::kFinals, edit_key(kOpenEdit, fact.edit.id));
  }
  return kv_.write(batch, Sync::kNo);
}

Result<std::optional<FinalDay>> KvFinals::day(ChannelId channel, std::int32_t number) {
  AMITY_TRY(const auto value, kv_.get(Family::kFinals, day_key(kDay, number, channel)));
  if (!value) return std::optional<FinalDay>();
  auto decoded = decode_final_day(channel, number, as_bytes(*value));
  if (!decoded.ok()) return at_day(decoded.error(), channel, number);
  return std::optional(std::move(decoded).value());
}

Result<std::vector<FinalDay>> KvFinals::days(ChannelId channel, std::int32_t first,
                                             std::int32_t last) {
  std::vector<FinalDay> out;
  if (std::int64_t{last} - first > kDaysPerReadMax) {
    return make_error(ErrorCode::kLimit, "too many days at once");
  }
  for (std::int64_t number = first; number <= last; ++number) {
    AMITY_TRY(auto found, day(channel, static_cast<std::int32_t>(number)));
    if (found) out.push_back(std::move(*found));
  }
  return out;
}

Status KvFinals::each_exception(const std::function<void(const VeeDay&)>& visit) {
  std::vector<std::pair<std::int32_t, ChannelId>> keys;
  AMITY_CHECK(kv_.scan(Family::kFinals, std::string(1, kException), past(kException),
                       Direction::kForward, [&](std::string_view key, std::string_view) {
                         if (key.size() == kDayKeySize)
                           keys.emplace_back(key_i32(key, 1), ChannelId(key_u32(key, 5)));
                         return true;
                       }));
  for (const auto& [number, channel] : keys) {
    AMITY_TRY(const auto found, day(channel, number));
    if (found && is_exception(found->day.state)) visit(found->day);
  }
  return {};
}

Result<std::optional<Edit>> KvFinals::edit(EditId id) {
  AMITY_TRY(const auto value, kv_.get(Family::kFinals, edit_key(kEdit, id)));
  if (!value) return std::optional<Edit>();
  auto decoded = decode_stored_edit(id, as_bytes(*value));
  if (!decoded.ok()) return at_edit(decoded.error(), id);
  return std::optional(std::move(decoded).value());
}

Result<std::vector<Edit>> KvFinals::edits(EditId before, std::size_t limit) {
  std::vector<Edit> out;
  limit = std::min(limit, kEditsPerPageMax);
  Status decoded;
  const std::string to = before.valid() ? edit_key(kEdit, before) : past(kEdit);
  AMITY_CHECK(kv_.scan(Family::kFinals, std::string(1, kEdit), to, Direction::kBackward,
                       [&](std::string_view key, std::string_view value) {
                         if (key.size() != kEditKeySize || out.size() >= limit) return false;
                         const EditId id(key_u64(key, 1));
                         auto edit = decode_stored_edit(id, as_bytes(value));
                         if (!edit.ok()) {
                           decoded = at_edit(edit.error(), id);
                           return false;
                         }
                         out.push_back(std::move(*edit));
                         return true;
                       }));
  AMITY_CHECK(std::move(decoded));
  return out;
}

Result<std::vector<Edit>> KvFinals::open_edits() {
  std::vector<EditId> ids;
  std::vector<Edit> out;
  AMITY_CHECK(kv_.scan(Family::kFinals, std::string(1, kOpenEdit), past(kOpenEdit),
                       Direction::kForward, [&](std::string_view key, std::string_view) {
                         if (key.size() == kEditKeySize) ids.emplace_back(key_u64(key, 1));
                         return true;
                       }));
  for (const EditId id : ids) {
    AMITY_TRY(auto found, edit(id));
    if (found) out.push_back(std::move(*found));
  }
  return out;
}

Result<EditId> KvFinals::newest_edit() {
  EditId newest;
  AMITY_CHECK(kv_.scan(Family::kFinals, std::string(1, kEdit), past(kEdit), Direction::kBackward,
                       [&](std::string_view key, std::string_view) {
                         if (key.size() == kEditKeySize) newest = EditId(key_u64(key, 1));
                         return false;
                       }));
  return newest;
}

Status KvFinals::save_states(std::span<const std::pair<std::string, Bytes>> states) {
  KvBatch batch;
  for (const auto& [name, state] : states) {
    batch.put(Family::kFinals, std::string(1, kState) + name, std::string(as_text(state)));
  }
  if (batch.empty()) return {};
  return kv_.write(batch, Sync::kNo);
}

Status KvFinals::each_state(const std::string& prefix,
                            const std::function<void(const std::string&, ByteView)>& visit) {
  return kv_.scan(Family::kFinals, std::string(1, kState) + prefix, past(kState),
                  Direction::kForward, [&](std::string_view key, std::string_view value) {
                    if (!key.substr(1).starts_with(prefix)) return false;
                    visit(std::string(key.substr(1)), as_bytes(value));
                    return true;
                  });
}

Status check_finals(Kv& kv, FinalsCheck& counts,
                    const std::function<void(const std::string&)>& damaged) {
  return kv.scan(
      Family::kFinals, "", "", Direction::kForward,
      [&](std::string_view key, std::string_view value) {
        if (!key.empty() && key[0] == kDay && key.size() == kDayKeySize) {
          ++counts.days;
          const ChannelId channel(key_u32(key, 5));
          const std::int32_t number = key_i32(key, 1);
          const auto decoded = decode_final_day(channel, number, as_bytes(value));
          if (!decoded.ok()) {
            damaged(to_string(at_day(decoded.error(), channel, number)));
            return true;
          }
          for (const FinalDay::Step& step : decoded->steps) counts.versions += step.versions.size();
        } else if (!key.empty() && key[0] == kEdit && key.size() == kEditKeySize) {
          ++counts.edits;
          const EditId id(key_u64(key, 1));
          if (const auto decoded = decode_stored_edit(id, as_bytes(value)); !decoded.ok()) {
            damaged(to_string(at_edit(decoded.error(), id)));
          }
        } else if (key.empty() || std::string_view("XWS").find(key[0]) == std::string_view::npos) {
          damaged("final values: a key that means nothing");
        }
        return true;
      });
}

}  // namespace amity::store
