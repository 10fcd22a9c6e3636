#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "store/directory.h"
#include "store/kv_rocksdb.h"
#include "store/kv_store.h"
#include "store/sqlite_registry.h"
#include "store/store.h"

namespace amity::store {
namespace {

// What is on disk after a failed fsync is not known: the only safe way on is to start again from the log.
void die(const Error& error) {
  std::fprintf(stderr, "amity: the store failed and the process ends; it recovers when started again: %s\n",
               to_string(error).c_str());
  std::abort();
}

class EmbeddedStore : public Store {
 public:
  EmbeddedStore(std::string path, std::unique_ptr<DirectoryLock> lock, std::unique_ptr<Kv> kv,
                std::unique_ptr<SqliteRegistry> registry, std::unique_ptr<KvStore> store)
      : path_(std::move(path)),
        lock_(std::move(lock)), kv_(std::move(kv)), registry_(std::move(registry)), store_(std::move(store)) {
    committer_ = std::thread([this] { commit(); });
    sealer_ = std::thread([this] { seal(); });
  }
  ~EmbeddedStore() override {
    store_->journal().close();
    committer_.join();
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_sealer_.notify_one();
    sealer_.join();
    // What a failed checkpoint leaves out is replayed when it is opened again.
    (void)store_->readings().checkpoint();
  }

  Journal& journal() override { return store_->journal(); }
  Readings& readings() override { return store_->readings(); }
  Events& events() override { return store_->events(); }
  Finals& finals() override { return store_->finals(); }
  Registry& registry() override { return *registry_; }
  Billing& billing() override { return registry_->billing(); }

  Status backup(const std::string& directory) override {
    AMITY_CHECK(create_new_directory(directory));
    Status copied = copy_to(directory);
    if (!copied.ok()) {
      std::error_code kept;  // what cannot be removed has no mark, and is not restored
      std::filesystem::remove_all(directory, kept);
    }
    return copied;
  }

  StoreStats stats() override {
    const KvStats kv = kv_->stats();
    return {kv.syncs, kv.bytes_written, kv_->stored_bytes(Family::kBlocks), store_->replayed_facts()};
  }

 private:
  Status copy_to(const std::string& directory) {
    // The registry first: its cursors and ids may be behind the journal, never ahead of it.
    AMITY_CHECK(registry_->backup(registry_path(directory)));
    // Whatever comes meanwhile from a file into the journal, or the other way, is in one of both.
    AMITY_CHECK(copy_files(path_, directory));
    AMITY_CHECK(kv_->backup(kv_path(directory)));
    AMITY_CHECK(copy_files(path_, directory));
    return seal_backup(directory);
  }
  void commit() {
    while (store_->journal().wait()) {
      (void)store_->journal().commit();
      if (!store_->readings().checkpoint_due()) continue;
      if (store_->readings().checkpoint_overdue()) {
        store_->seal();  // the disk does not keep up: whoever brings readings waits
      } else {
        const std::lock_guard lock(mutex_);
        due_ = true;
        wake_sealer_.notify_one();
      }
    }
  }
  // Checkpoints beside the commits, so that acknowledging goes on.
  void seal() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      wake_sealer_.wait(lock, [this] { return stopping_ || due_; });
      if (!std::exchange(due_, false)) continue;
      lock.unlock();
      if (store_->readings().checkpoint_due()) store_->seal();
      lock.lock();
    }
  }

  const std::string path_;
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<Kv> kv_;
  std::unique_ptr<SqliteRegistry> registry_;
  std::unique_ptr<KvStore> store_;
  std::mutex mutex_;  // of the two below
  std::condition_variable wake_sealer_;
  bool due_ = false, stopping_ = false;
  std::thread committer_, sealer_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_embedded(const std::string& directory, const EmbeddedOptions& options) {
  AMITY_CHECK(prepare_directory(directory, options.create));
  AMITY_TRY(auto lock, DirectoryLock::take(directory));
  AMITY_TRY(auto kv, open_rocksdb(kv_path(directory), {.create = options.create, .fsync = options.fsync}));
  AMITY_TRY(auto registry, SqliteRegistry::open(registry_path(directory),
                                                {.create = options.create, .fsync = options.fsync}));
  AMITY_TRY(auto store, KvStore::open(*kv, die));
  return std::unique_ptr<Store>(std::make_unique<EmbeddedStore>(
      directory, std::move(lock), std::move(kv), std::move(registry), std::move(store)));
}

}  // namespace amity::store
