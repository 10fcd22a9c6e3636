// Readings over a Kv: changed days live in memory (day_group.h); a checkpoint writes them as blocks, and last of all
// the journal's sequence they reach at least. Applying a fact a second time changes nothing, so replaying the journal
// from there is exact, whatever part of an unfinished checkpoint survives.
// May be called from any thread. A checkpoint stops neither apply() nor readers for longer than one shard takes.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <unordered_map>

#include "store/day_group.h"
#include "store/kv.h"
#include "store/readings.h"

namespace amity::store {

class KvReadings : public Readings {
 public:
  // The name of this room's own cursor in the journal.
  static constexpr const char* kDepartment = "store";

  static Result<std::unique_ptr<KvReadings>> open(Kv& kv);

  Result<ApplyResult> apply(std::uint64_t journal_sequence, std::span<const Reading> readings) override;
  Result<std::vector<Reading>> read(ChannelId channel, UtcSeconds after, UtcSeconds until) override;
  Result<std::vector<Reading>> read_first(ChannelId channel, UtcSeconds after, UtcSeconds until) override;
  Result<ChannelSpan> span(ChannelId channel) override;
  Status scan_day(UtcDay day, const std::function<void(ChannelId, std::span<const Reading>)>& visit) override;
  Result<std::vector<Reading>> versions(ChannelId channel, UtcSeconds time) override;
  Result<std::uint64_t> checkpoint() override;

  std::uint64_t applied() const { return applied_.load(); }
  // Facts without readings move the place too.
  void skip_to(std::uint64_t journal_sequence);
  // Whether memory or the length of a recovery asks for one.
  bool checkpoint_due() const;
  // Whether applying more must wait for a checkpoint, to bound memory.
  bool checkpoint_overdue() const;

 private:
  using Groups = std::unordered_map<std::uint32_t, std::unique_ptr<DayGroup>>;
  struct Shard {
    std::mutex mutex;
    std::map<std::int32_t, Groups> days;
  };
  struct DayIndex {
    std::vector<std::uint64_t> groups;  // a bit per group that has readings, stored or not
    bool changed = false;
  };
  static constexpr std::size_t kShards = 256;
  using Taken = std::vector<std::pair<DayGroup*, std::uint64_t>>;  // groups and the lanes that were changed

  explicit KvReadings(Kv& kv) : kv_(kv) {}
  Status recover();
  Shard& shard_of(std::uint32_t group) { return shards_[group % kShards]; }
  Result<DayGroup*> group_at(Shard& shard, std::int32_t day, std::uint32_t group);
  using LaneRows = std::array<DayGroup::LaneRow, kChannelsPerGroup / DayGroup::kLanesPerRow>;
  Status each_stored(std::int32_t day, std::uint32_t first, std::uint32_t last,
                     const std::function<void(std::uint32_t channel, Block& block)>& visit);
  bool is_resident(std::int32_t day, std::uint32_t group);
  bool copy_resident(std::int32_t day, std::uint32_t group, LaneRows& out);
  Result<std::vector<Reading>> read_blocks(ChannelId channel, UtcSeconds after, UtcSeconds until, bool first);
  Status block_of(ChannelId channel, std::int32_t day, Block& out);
  Status apply_run(std::int32_t day, std::uint32_t group, std::span<const Reading> run, ApplyResult& result);
  bool has_group(std::int32_t day, std::uint32_t group) const;
  bool add_group(std::int32_t day, std::uint32_t group);  // false when it was there
  std::vector<std::int32_t> days_of(std::uint32_t group, std::int32_t first, std::int32_t last) const;
  void collect_blocks(Shard& shard, KvBatch& batch, Taken& taken);
  Status seal_shard(Shard& shard);
  Status seal_index(std::uint64_t sequence);
  void evict();

  Kv& kv_;
  std::mutex apply_mutex_;
  std::mutex checkpoint_mutex_;  // taken before any other
  std::array<Shard, kShards> shards_;
  mutable std::mutex index_mutex_;
  std::map<std::int32_t, DayIndex> index_;
  std::atomic<std::uint64_t> applied_{0};
  std::atomic<std::uint64_t> checkpointed_{0};
  std::atomic<std::size_t> resident_bytes_{0}, dirty_bytes_{0};
};

// (day, channel): a day's blocks lie together, so that retention is one range.
std::string block_key(std::int32_t day, std::uint32_t channel);

}  // namespace amity::store
