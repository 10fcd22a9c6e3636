// Kv in memory for virtual time and tests: what was not synced is lost by crash(), and writes can be made to fail.
// Deterministic. Calls are serialised by a lock, so that tests with threads may use it too; a visitor of scan() may
// write to another family.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <mutex>

#include "store/kv.h"

namespace amity::store {

enum class KvFault : std::uint8_t {
  kNone,
  kDiskFull,   // the batch is refused, nothing of it is kept
  kTorn,       // the power goes in the middle of the batch: nothing of it survives, the store is closed
  kSyncFails,  // the batch is applied, its sync fails: the store is closed, nothing unsynced survives the crash
};

class KvMemory : public Kv {
 public:
  Status write(const KvBatch& batch, Sync sync) override;
  Result<std::optional<std::string>> get(Family family, std::string_view key) override;
  Status scan(Family family, std::string_view from, std::string_view to, Direction direction,
              const Visit& visit) override;
  std::uint64_t stored_bytes(Family family) override;
  KvStats stats() const override;
  Status backup(const std::string& directory) override;
  Status verify() override { return {}; }
  Status compact() override { return {}; }

  // Asked before each write; decides its fate.
  void set_fault(std::function<KvFault(const KvBatch& batch, Sync sync)> fault);
  // Loses everything since the last synced write, and opens again after a failed sync.
  void crash();
  // Overwrites a stored value behind everyone's back, as bit rot does.
  void corrupt(Family family, const std::string& key, std::string value);

 private:
  using Table = std::map<std::string, std::string, std::less<>>;
  using Undo = std::pair<std::pair<Family, std::string>, std::optional<std::string>>;
  void apply(const KvBatch::Operation& operation);
  void remember(Family family, const std::string& key);

  mutable std::recursive_mutex mutex_;  // a visitor of scan() may write
  std::array<Table, kFamilies> tables_;
  std::vector<Undo> undo_;  // since the last sync, newest last
  std::function<KvFault(const KvBatch&, Sync)> fault_;
  KvStats stats_;
  bool closed_ = false;
};

}  // namespace amity::store
