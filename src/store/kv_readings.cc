#include "store/kv_readings.h"

#include <algorithm>
#include <bit>

#include "store/kv_journal.h"
#include "store/limits.h"

namespace amity::store {
namespace {

constexpr std::string_view kIndexPrefix = "day/", kIndexEnd = "day0";
constexpr std::int64_t kDaySeconds = 86'400;
// Times that a day number of 32 bits can name, with room to spare.
constexpr std::int64_t kTimeMax = std::int64_t{1} << 36;

std::int32_t day_of(UtcSeconds time) { return day_of_interval_end(time).value; }
std::uint32_t group_of(ChannelId channel) { return channel.value / kChannelsPerGroup; }
unsigned lane_of(ChannelId channel) { return channel.value % kChannelsPerGroup; }
bool representable(UtcSeconds time) { return time.value > -kTimeMax && time.value < kTimeMax; }

std::string index_key(std::int32_t day) {
  std::string key(kIndexPrefix);
  append_key_i32(key, day);
  return key;
}

Error at_block(const Error& error, std::int32_t day, std::uint32_t channel) {
  return make_error(error.code, "block of channel " + std::to_string(channel) + ", day " +
                                    to_iso(UtcDay(day).start()).substr(0, 10) + ": " + error.reason);
}

Reading to_reading(ChannelId channel, std::int32_t day, const BlockReading& r) {
  return {channel, UtcDay(day).start() + r.offset_s, r.value, Quality{r.quality}};
}

}  // namespace

std::string block_key(std::int32_t day, std::uint32_t channel) {
  std::string key;
  append_key_i32(key, day);
  append_key_u32(key, channel);
  return key;
}

Result<std::unique_ptr<KvReadings>> KvReadings::open(Kv& kv) {
  std::unique_ptr<KvReadings> readings(new KvReadings(kv));
  AMITY_CHECK(readings->recover());
  return readings;
}

Status KvReadings::recover() {
  AMITY_TRY(const auto cursor, kv_.get(Family::kMeta, KvJournal::cursor_key(kDepartment)));
  if (cursor) {
    if (cursor->size() != 8) return make_error(ErrorCode::kCorrupt, "the store's cursor is damaged");
    checkpointed_ = key_u64(*cursor, 0);
    applied_.store(checkpointed_.load());
  } else {
    // From the first moment on: nobody may trim what is not in blocks yet.
    KvBatch batch;
    batch.put(Family::kMeta, KvJournal::cursor_key(kDepartment), KvJournal::cursor_value(0));
    AMITY_CHECK(kv_.write(batch, Sync::kNo));
  }
  return kv_.scan(Family::kMeta, kIndexPrefix, kIndexEnd, Direction::kForward,
                  [&](std::string_view key, std::string_view value) {
                    DayIndex& day = index_[key_i32(key, kIndexPrefix.size())];
                    for (std::size_t i = 0; i + 8 <= value.size(); i += 8) day.groups.push_back(key_u64(value, i));
                    return true;
                  });
}

bool KvReadings::has_group(std::int32_t day, std::uint32_t group) const {
  const std::lock_guard lock(index_mutex_);
  const auto found = index_.find(day);
  if (found == index_.end()) return false;
  const auto& groups = found->second.groups;
  return group / 64 < groups.size() && ((groups[group / 64] >> (group % 64)) & 1) != 0;
}

bool KvReadings::add_group(std::int32_t day, std::uint32_t group) {
  const std::lock_guard lock(index_mutex_);
  DayIndex& index = index_[day];
  if (index.groups.size() <= group / 64) index.groups.resize(group / 64 + 1);
  const std::uint64_t bit = std::uint64_t{1} << (group % 64);
  if ((index.groups[group / 64] & bit) != 0) return false;
  index.groups[group / 64] |= bit;
  index.changed = true;
  return true;
}

std::vector<std::int32_t> KvReadings::days_of(std::uint32_t group, std::int32_t first, std::int32_t last) const {
  std::vector<std::int32_t> days;
  const std::lock_guard lock(index_mutex_);
  for (auto it = index_.lower_bound(first); it != index_.end() && it->first <= last; ++it) {
    const auto& groups = it->second.groups;
    if (group / 64 < groups.size() && ((groups[group / 64] >> (group % 64)) & 1) != 0) days.push_back(it->first);
  }
  return days;
}

// The blocks of the groups `first` to `last`.
Status KvReadings::each_stored(std::int32_t day, std::uint32_t first, std::uint32_t last,
                               const std::function<void(std::uint32_t channel, Block& block)>& visit) {
  const std::string from = block_key(day, static_cast<std::uint32_t>(first * kChannelsPerGroup));
  const std::string to = last == UINT32_MAX / kChannelsPerGroup
                             ? block_key(day + 1, 0)
                             : block_key(day, static_cast<std::uint32_t>((last + 1) * kChannelsPerGroup));
  Status decoded;
  Block block;
  const auto decode = [&](std::string_view key, std::string_view value) {
    const std::uint32_t channel = key_u32(key, 4);
    if (const Status s = decode_block({ChannelId(channel), UtcDay(day)}, as_bytes(value), block); !s.ok()) {
      decoded = at_block(s.error(), day, channel);
      return false;
    }
    visit(channel, block);
    return true;
  };
  AMITY_CHECK(kv_.scan(Family::kBlocks, from, to, Direction::kForward, decode));
  return decoded;
}

// The group, in memory from now on. The shard is locked.
Result<DayGroup*> KvReadings::group_at(Shard& shard, std::int32_t day, std::uint32_t group) {
  std::unique_ptr<DayGroup>& slot = shard.days[day][group];
  if (slot) return slot.get();
  auto made = std::make_unique<DayGroup>();
  if (!add_group(day, group)) {
    const Status loaded = each_stored(day, group, group, [&](std::uint32_t channel, Block& block) {
      made->load(lane_of(ChannelId(channel)), block);
    });
    if (!loaded.ok()) {
      shard.days[day].erase(group);
      return loaded.error();
    }
  }
  resident_bytes_ += made->memory_bytes();
  slot = std::move(made);
  return slot.get();
}

Status KvReadings::apply_run(std::int32_t day, std::uint32_t group, std::span<const Reading> run,
                             ApplyResult& result) {
  Shard& shard = shard_of(group);
  const std::lock_guard lock(shard.mutex);
  AMITY_TRY(DayGroup * into, group_at(shard, day, group));
  const std::size_t before = into->memory_bytes();
  const bool was_clean = into->dirty_lanes() == 0;
  const std::int64_t start = UtcDay(day).start().value;
  for (const Reading& r : run) {
    const auto offset_s = static_cast<std::uint32_t>(r.time.value - start);
    switch (into->put(lane_of(r.channel), {offset_s, r.quality.bits, r.value})) {
      case DayGroup::Outcome::kAdded: ++result.added; break;
      case DayGroup::Outcome::kRepeated: ++result.repeated; break;
      case DayGroup::Outcome::kCorrected: ++result.corrected; break;
    }
  }
  const std::size_t grown = into->memory_bytes() - before;
  resident_bytes_ += grown;
  if (into->dirty_lanes() != 0) dirty_bytes_ += was_clean ? into->memory_bytes() : grown;
  return {};
}

Result<ApplyResult> KvReadings::apply(std::uint64_t journal_sequence, std::span<const Reading> readings) {
  const std::lock_guard lock(apply_mutex_);
  ApplyResult result;
  if (journal_sequence <= applied_.load()) {
    result.repeated = readings.size();
    return result;
  }
  for (std::size_t i = 0; i < readings.size();) {
    if (!representable(readings[i].time)) {
      ++result.refused;
      ++i;
      continue;
    }
    const std::int32_t day = day_of(readings[i].time);
    const std::uint32_t group = group_of(readings[i].channel);
    const std::int64_t start = UtcDay(day).start().value;
    std::size_t end = i + 1;
    while (end < readings.size() && group_of(readings[end].channel) == group && readings[end].time.value > start &&
           readings[end].time.value <= start + kDaySeconds) {
      ++end;
    }
    AMITY_CHECK(apply_run(day, group, readings.subspan(i, end - i), result));
    i = end;
  }
  applied_.store(journal_sequence);
  return result;
}

void KvReadings::skip_to(std::uint64_t journal_sequence) {
  const std::lock_guard lock(apply_mutex_);
  if (journal_sequence > applied_.load()) applied_.store(journal_sequence);
}

Status KvReadings::block_of(ChannelId channel, std::int32_t day, Block& out) {
  const std::uint32_t group = group_of(channel);
  {
    Shard& shard = shard_of(group);
    const std::lock_guard lock(shard.mutex);
    if (const auto groups = shard.days.find(day); groups != shard.days.end()) {
      if (const auto found = groups->second.find(group); found != groups->second.end()) {
        found->second->extract(lane_of(channel), out);
        return {};
      }
    }
  }
  out.clear();
  AMITY_TRY(const auto bytes, kv_.get(Family::kBlocks, block_key(day, channel.value)));
  if (!bytes) return {};
  if (const Status s = decode_block({channel, UtcDay(day)}, as_bytes(*bytes), out); !s.ok()) {
    return at_block(s.error(), day, channel.value);
  }
  return {};
}

Result<std::vector<Reading>> KvReadings::read(ChannelId channel, UtcSeconds after, UtcSeconds until) {
  return read_blocks(channel, after, until, false);
}

Result<std::vector<Reading>> KvReadings::read_first(ChannelId channel, UtcSeconds after, UtcSeconds until) {
  return read_blocks(channel, after, until, true);
}

Result<std::vector<Reading>> KvReadings::read_blocks(ChannelId channel, UtcSeconds after, UtcSeconds until,
                                                     bool first) {
  std::vector<Reading> readings;
  after = std::clamp(after, UtcSeconds(-kTimeMax), UtcSeconds(kTimeMax));
  until = std::clamp(until, UtcSeconds(-kTimeMax), UtcSeconds(kTimeMax));
  if (until <= after) return readings;
  Block block;
  for (const std::int32_t day : days_of(group_of(channel), day_of(after + 1), day_of(until))) {
    AMITY_CHECK(block_of(channel, day, block));
    auto older = block.older.begin();  // both ascend; of one time the oldest stands first
    for (const BlockReading& r : block.readings) {
      while (older != block.older.end() && older->offset_s < r.offset_s) ++older;
      const bool replaced = first && older != block.older.end() && older->offset_s == r.offset_s;
      const Reading reading = to_reading(channel, day, replaced ? *older : r);
      if (reading.time > after && reading.time <= until) readings.push_back(reading);
    }
  }
  return readings;
}

Result<ChannelSpan> KvReadings::span(ChannelId channel) {
  const std::vector<std::int32_t> days = days_of(group_of(channel), INT32_MIN, INT32_MAX);
  ChannelSpan span{};
  Block block;
  auto first = days.begin();
  for (; first != days.end(); ++first) {
    AMITY_CHECK(block_of(channel, *first, block));
    if (block.readings.empty()) continue;
    span.first = to_reading(channel, *first, block.readings.front()).time;
    span.last = to_reading(channel, *first, block.readings.back()).time;
    break;
  }
  for (auto last = days.end(); first != days.end() && last - 1 != first; --last) {
    AMITY_CHECK(block_of(channel, *(last - 1), block));
    if (block.readings.empty()) continue;
    span.last = to_reading(channel, *(last - 1), block.readings.back()).time;
    break;
  }
  return span;
}

bool KvReadings::is_resident(std::int32_t day, std::uint32_t group) {
  Shard& shard = shard_of(group);
  const std::lock_guard lock(shard.mutex);
  const auto groups = shard.days.find(day);
  return groups != shard.days.end() && groups->second.contains(group);
}

// Copies the group's lanes where it is in memory; false where it is not.
bool KvReadings::copy_resident(std::int32_t day, std::uint32_t group, LaneRows& out) {
  Shard& shard = shard_of(group);
  const std::lock_guard lock(shard.mutex);
  const auto groups = shard.days.find(day);
  if (groups == shard.days.end()) return false;
  const auto found = groups->second.find(group);
  if (found == groups->second.end()) return false;
  for (unsigned row = 0; row < out.size(); ++row) found->second->extract_row(row, out[row]);
  return true;
}

Status KvReadings::scan_day(UtcDay day, const std::function<void(ChannelId, std::span<const Reading>)>& visit) {
  std::vector<std::uint64_t> groups;
  {
    const std::lock_guard lock(index_mutex_);
    if (const auto found = index_.find(day.value); found != index_.end()) groups = found->second.groups;
  }
  const auto ends = static_cast<std::uint32_t>(groups.size() * 64);
  const auto is_there = [&](std::uint32_t group) { return ((groups[group / 64] >> (group % 64)) & 1) != 0; };
  std::vector<Reading> readings;
  const auto show = [&](std::uint32_t channel, const Block& block) {
    readings.clear();
    for (const BlockReading& r : block.readings) readings.push_back(to_reading(ChannelId(channel), day.value, r));
    if (!readings.empty()) visit(ChannelId(channel), readings);
  };
  const auto rows = std::make_unique<LaneRows>();
  for (std::uint32_t group = 0; group < ends; ++group) {
    if (!is_there(group)) continue;
    if (copy_resident(day.value, group, *rows)) {
      auto channel = static_cast<std::uint32_t>(group * kChannelsPerGroup);
      for (const DayGroup::LaneRow& row : *rows) {
        for (const Block& block : row) show(channel++, block);
      }
      continue;
    }
    // Then it is on disk, whole: only unchanged groups leave memory. So are those after it, mostly.
    const std::uint32_t first = group;
    const auto on_disk = [&](std::uint32_t next) { return !is_there(next) || !is_resident(day.value, next); };
    while (group + 1 < ends && group + 1 - first < kGroupsPerScan && on_disk(group + 1)) ++group;
    AMITY_CHECK(each_stored(day.value, first, group, show));
  }
  return {};
}

Result<std::vector<Reading>> KvReadings::versions(ChannelId channel, UtcSeconds time) {
  std::vector<Reading> found;
  if (!representable(time)) return found;
  const std::int32_t day = day_of(time);
  Block block;
  AMITY_CHECK(block_of(channel, day, block));
  for (const auto* list : {&block.older, &block.readings}) {
    for (const BlockReading& r : *list) {
      const Reading reading = to_reading(channel, day, r);
      if (reading.time == time) found.push_back(reading);
    }
  }
  return found;
}

// ---- checkpoint

// The shard is locked. What is collected counts as unchanged from here on.
void KvReadings::collect_blocks(Shard& shard, KvBatch& batch, Taken& taken) {
  DayGroup::LaneRow blocks;
  Bytes bytes;
  for (const auto& [day, groups] : shard.days) {
    for (const auto& [group, content] : groups) {
      if (content->dirty_lanes() == 0) continue;
      unsigned extracted = UINT32_MAX;  // row
      for (std::uint64_t dirty = content->dirty_lanes(); dirty != 0; dirty &= dirty - 1) {
        const auto lane = static_cast<unsigned>(std::countr_zero(dirty));
        const unsigned row = lane / DayGroup::kLanesPerRow;
        if (row != extracted) content->extract_row(extracted = row, blocks);
        const auto channel = static_cast<std::uint32_t>(group * kChannelsPerGroup) + lane;
        bytes.clear();
        encode_block({ChannelId(channel), UtcDay(day)}, blocks[lane % DayGroup::kLanesPerRow], bytes);
        batch.put(Family::kBlocks, block_key(day, channel), std::string(as_text(bytes)));
      }
      taken.emplace_back(content.get(), content->dirty_lanes());
      dirty_bytes_ -= content->memory_bytes();
      content->mark(0);
    }
  }
}

Status KvReadings::seal_shard(Shard& shard) {
  KvBatch batch;
  Taken taken;
  {
    const std::lock_guard lock(shard.mutex);
    collect_blocks(shard, batch, taken);
  }
  if (batch.empty()) return {};
  Status written = kv_.write(batch, Sync::kNo);
  if (written.ok()) return written;
  const std::lock_guard lock(shard.mutex);
  for (const auto& [group, lanes] : taken) {
    // What was changed meanwhile is counted already.
    if (group->dirty_lanes() == 0) dirty_bytes_ += group->memory_bytes();
    group->mark(group->dirty_lanes() | lanes);
  }
  return written;
}

// The one write that must reach the disk: with it all before it has.
Status KvReadings::seal_index(std::uint64_t sequence) {
  KvBatch batch;
  std::vector<std::int32_t> changed;
  {
    const std::lock_guard lock(index_mutex_);
    for (auto& [day, index] : index_) {
      if (!index.changed) continue;
      std::string value;
      for (const std::uint64_t word : index.groups) append_key_u64(value, word);
      batch.put(Family::kMeta, index_key(day), std::move(value));
      index.changed = false;
      changed.push_back(day);
    }
  }
  batch.put(Family::kMeta, KvJournal::cursor_key(kDepartment), KvJournal::cursor_value(sequence));
  Status written = kv_.write(batch, Sync::kYes);
  if (written.ok()) return written;
  const std::lock_guard lock(index_mutex_);
  for (const std::int32_t day : changed) index_[day].changed = true;
  return written;
}

// Oldest days first, down to three quarters of the limit; what was changed since the checkpoint stays.
void KvReadings::evict() {
  if (resident_bytes_ <= kResidentBytesMax) return;
  std::map<std::int32_t, std::size_t> days;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [day, groups] : shard.days) days.try_emplace(day, 0);
  }
  for (const auto& [day, unused] : days) {
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      const auto found = shard.days.find(day);
      if (found == shard.days.end()) continue;
      std::erase_if(found->second, [&](const auto& entry) {
        if (entry.second->dirty_lanes() != 0) return false;
        resident_bytes_ -= entry.second->memory_bytes();
        return true;
      });
      if (found->second.empty()) shard.days.erase(found);
    }
    if (resident_bytes_ <= kResidentBytesMax / 4 * 3) return;
  }
}

Result<std::uint64_t> KvReadings::checkpoint() {
  const std::lock_guard lock(checkpoint_mutex_);
  std::uint64_t sequence = 0;
  {
    const std::lock_guard applying(apply_mutex_);  // nothing is half applied
    sequence = applied_.load();
  }
  if (sequence == checkpointed_) return sequence;
  for (Shard& shard : shards_) AMITY_CHECK(seal_shard(shard));
  AMITY_CHECK(seal_index(sequence));
  checkpointed_ = sequence;
  evict();
  return sequence;
}

bool KvReadings::checkpoint_overdue() const { return dirty_bytes_ > 2 * kDirtyBytesMax; }

bool KvReadings::checkpoint_due() const {
  return dirty_bytes_ > kDirtyBytesMax || applied_.load() - checkpointed_.load() > kFactsPerCheckpointMax;
}

}  // namespace amity::store
