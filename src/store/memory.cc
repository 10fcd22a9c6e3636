#include "store/memory.h"

namespace amity::store {

StoreStats MemoryStore::stats() {
  const KvStats kv = disk_->kv_.stats();
  return {kv.syncs, kv.bytes_written, disk_->kv_.stored_bytes(Family::kBlocks), store_->replayed_facts()};
}

Result<std::unique_ptr<MemoryStore>> open_memory(std::shared_ptr<MemoryDisk> disk) {
  if (!disk->registry_) {
    AMITY_TRY(disk->registry_, SqliteRegistry::open(":memory:", {}));
  }
  // A failed sync closes the journal: the simulation crashes the platform and opens it again.
  AMITY_TRY(auto store, KvStore::open(disk->kv_, [](const Error&) {}));
  return std::make_unique<MemoryStore>(std::move(disk), std::move(store));
}

}  // namespace amity::store
