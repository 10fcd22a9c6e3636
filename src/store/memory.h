// The same stores over memory, on one thread, for virtual time: nothing is durable until pump(), and a crash loses what
// was not. The disk outlives the store; open it again after a crash.
//
//   auto disk = std::make_shared<MemoryDisk>();
//   auto store = open_memory(disk).value();
//   ... store->pump() whenever virtual time says that an fsync is done ...
//   store.reset(); disk->crash(); store = open_memory(disk).value();
#pragma once

#include <memory>

#include "store/kv_memory.h"
#include "store/kv_store.h"
#include "store/sqlite_registry.h"
#include "store/store.h"

namespace amity::store {

class MemoryDisk {
 public:
  MemoryDisk() = default;
  // What was not synced is gone. No store may be open on it.
  void crash() { kv_.crash(); }
  // Faults are set here.
  KvMemory& kv() { return kv_; }

 private:
  friend Result<std::unique_ptr<class MemoryStore>> open_memory(std::shared_ptr<MemoryDisk> disk);
  friend class MemoryStore;
  KvMemory kv_;
  std::unique_ptr<SqliteRegistry> registry_;  // every statement of it is durable when it returns
};

class MemoryStore : public Store {
 public:
  MemoryStore(std::shared_ptr<MemoryDisk> disk, std::unique_ptr<KvStore> store)
      : disk_(std::move(disk)), store_(std::move(store)) {}

  Journal& journal() override { return store_->journal(); }
  Readings& readings() override { return store_->readings(); }
  Events& events() override { return store_->events(); }
  Finals& finals() override { return store_->finals(); }
  Registry& registry() override { return *disk_->registry_; }
  Billing& billing() override { return disk_->registry_->billing(); }
  Status backup(const std::string& directory) override { return disk_->kv_.backup(directory); }
  StoreStats stats() override;

  // Makes what is queued durable, applies it and runs the callbacks. Returns how many facts.
  std::size_t pump() { return store_->pump(); }
  bool pending() const { return store_->journal().pending(); }

 private:
  std::shared_ptr<MemoryDisk> disk_;
  std::unique_ptr<KvStore> store_;
};

Result<std::unique_ptr<MemoryStore>> open_memory(std::shared_ptr<MemoryDisk> disk);

}  // namespace amity::store
