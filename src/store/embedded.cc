#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
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
  EmbeddedStore(std::unique_ptr<DirectoryLock> lock, std::unique_ptr<Kv> kv, std::unique_ptr<SqliteRegistry> registry,
                std::unique_ptr<KvStore> store)
      : lock_(std::move(lock)), kv_(std::move(kv)), registry_(std::move(registry)), store_(std::move(store)) {
    committer_ = std::thread([this] {
      while (store_->journal().wait()) store_->pump();
    });
  }
  ~EmbeddedStore() override {
    store_->journal().close();
    committer_.join();
    // What a failed checkpoint leaves out is replayed when it is opened again.
    (void)store_->readings().checkpoint();
  }

  Journal& journal() override { return store_->journal(); }
  Readings& readings() override { return store_->readings(); }
  Events& events() override { return store_->events(); }
  Registry& registry() override { return *registry_; }

  Status backup(const std::string& directory) override {
    AMITY_CHECK(create_new_directory(directory));
    // The registry first: its cursors and ids may be behind the journal, never ahead of it.
    AMITY_CHECK(registry_->backup(registry_path(directory)));
    AMITY_CHECK(kv_->backup(kv_path(directory)));
    return seal_backup(directory);
  }

  StoreStats stats() override {
    const KvStats kv = kv_->stats();
    return {kv.syncs, kv.bytes_written, kv_->stored_bytes(Family::kBlocks), store_->replayed_facts()};
  }

 private:
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<Kv> kv_;
  std::unique_ptr<SqliteRegistry> registry_;
  std::unique_ptr<KvStore> store_;
  std::thread committer_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_embedded(const std::string& directory, const EmbeddedOptions& options) {
  AMITY_CHECK(prepare_directory(directory, options.create));
  AMITY_TRY(auto lock, DirectoryLock::take(directory));
  AMITY_TRY(auto kv, open_rocksdb(kv_path(directory), {.create = options.create, .fsync = options.fsync}));
  AMITY_TRY(auto registry, SqliteRegistry::open(registry_path(directory),
                                                {.create = options.create, .fsync = options.fsync}));
  AMITY_TRY(auto store, KvStore::open(*kv, die));
  return std::unique_ptr<Store>(std::make_unique<EmbeddedStore>(std::move(lock), std::move(kv), std::move(registry),
                                                                std::move(store)));
}

}  // namespace amity::store
