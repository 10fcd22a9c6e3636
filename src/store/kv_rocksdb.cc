#include "store/kv_rocksdb.h"

#include <rocksdb/advanced_options.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <atomic>

namespace amity::store {
namespace {

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& s) { return {s.data(), s.size()}; }

Error to_error(const rocksdb::Status& status) {
  if (status.IsCorruption()) return make_error(ErrorCode::kCorrupt, status.ToString());
  if (status.IsNoSpace()) return make_error(ErrorCode::kIo, "disk full: " + status.ToString());
  if (status.IsBusy()) return make_error(ErrorCode::kBusy, status.ToString());
  return make_error(ErrorCode::kClosed, status.ToString());
}

class KvRocksDb : public Kv {
 public:
  KvRocksDb(bool fsync, std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> families)
      : fsync_(fsync), db_(std::move(db)), families_(std::move(families)) {
    verified_.verify_checksums = true;
  }
  ~KvRocksDb() override {
    for (auto* family : families_) (void)db_->DestroyColumnFamilyHandle(family);
    (void)db_->Close();
  }

  Status write(const KvBatch& batch, Sync sync) override;
  Result<std::optional<std::string>> get(Family family, std::string_view key) override;
  Status scan(Family family, std::string_view from, std::string_view to, Direction direction,
              const Visit& visit) override;
  std::uint64_t stored_bytes(Family family) override;
  KvStats stats() const override { return {syncs_.load(), bytes_.load()}; }
  Status backup(const std::string& directory) override;
  Status verify() override;
  Status compact() override;

 private:
  bool has(Family family) const { return static_cast<std::size_t>(family) < families_.size(); }
  rocksdb::ColumnFamilyHandle* handle(Family family) { return families_[static_cast<std::size_t>(family)]; }

  bool fsync_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  rocksdb::ReadOptions verified_;
  std::atomic<std::uint64_t> syncs_{0}, bytes_{0};
  std::atomic<bool> disk_was_full_{false};
};

Status KvRocksDb::write(const KvBatch& batch, Sync sync) {
  if (disk_was_full_.load()) {
    if (const auto resumed = db_->Resume(); !resumed.ok()) return to_error(resumed);
    disk_was_full_.store(false);
  }
  rocksdb::WriteBatch out(batch.bytes() + 64 * batch.operations().size());
  for (const auto& op : batch.operations()) {
    rocksdb::Status added;
    switch (op.kind) {
      case KvBatch::Kind::kPut: added = out.Put(handle(op.family), op.key, op.value); break;
      case KvBatch::Kind::kRemove: added = out.Delete(handle(op.family), op.key); break;
      case KvBatch::Kind::kRemoveRange: added = out.DeleteRange(handle(op.family), op.key, op.value); break;
    }
    if (!added.ok()) return to_error(added);
  }
  rocksdb::WriteOptions options;
  options.sync = fsync_ && sync == Sync::kYes;
  const auto written = db_->Write(options, &out);
  if (written.IsNoSpace()) disk_was_full_.store(true);
  if (!written.ok()) return to_error(written);
  if (options.sync) syncs_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(batch.bytes(), std::memory_order_relaxed);
  return {};
}

Result<std::optional<std::string>> KvRocksDb::get(Family family, std::string_view key) {
  std::string value;
  if (!has(family)) return std::optional<std::string>();
  const auto found = db_->Get(verified_, handle(family), slice(key), &value);
  if (found.IsNotFound()) return std::optional<std::string>();
  if (!found.ok()) return to_error(found);
  return std::optional(std::move(value));
}

Status KvRocksDb::scan(Family family, std::string_view from, std::string_view to, Direction direction,
                       const Visit& visit) {
  if (!has(family)) return {};
  rocksdb::ReadOptions options = verified_;
  const rocksdb::Slice lower = slice(from), upper = slice(to);
  options.iterate_lower_bound = &lower;
  if (!to.empty()) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options, handle(family)));
  if (direction == Direction::kForward) {
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      if (!visit(view(it->key()), view(it->value()))) break;
    }
  } else {
    for (it->SeekToLast(); it->Valid(); it->Prev()) {
      if (!visit(view(it->key()), view(it->value()))) break;
    }
  }
  if (!it->status().ok()) return to_error(it->status());
  return {};
}

std::uint64_t KvRocksDb::stored_bytes(Family family) {
  std::uint64_t bytes = 0;
  if (!has(family)) return bytes;
  (void)db_->GetIntProperty(handle(family), rocksdb::DB::Properties::kLiveSstFilesSize, &bytes);
  return bytes;
}

Status KvRocksDb::backup(const std::string& directory) {
  rocksdb::Checkpoint* made = nullptr;
  if (const auto s = rocksdb::Checkpoint::Create(db_.get(), &made); !s.ok()) return to_error(s);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (const auto s = checkpoint->CreateCheckpoint(directory); !s.ok()) return to_error(s);
  return {};
}

Status KvRocksDb::verify() {
  if (const auto s = db_->VerifyChecksum(verified_); !s.ok()) return to_error(s);
  return {};
}

Status KvRocksDb::compact() {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  for (auto* family : families_) {
    if (const auto s = db_->CompactRange(options, family, nullptr, nullptr); !s.ok()) return to_error(s);
  }
  return {};
}

rocksdb::ColumnFamilyOptions family_options(Family family) {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions table;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.block_size = 16 * 1024;
  options.write_buffer_size = 32u << 20;
  options.compression = rocksdb::kLZ4Compression;
  if (family == Family::kJournal) {
    options.write_buffer_size = 128u << 20;
    // Facts are forgotten soon, and their codec has left little to take away.
    options.compression = rocksdb::kNoCompression;
  }
  if (family == Family::kBlocks || family == Family::kMeta || family == Family::kFinals) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.optimize_filters_for_memory = true;
  }
  if (family == Family::kBlocks || family == Family::kFinals) {
    options.compression = rocksdb::kNoCompression;
    // As much as the level below holds before it is compacted: a night of a million channels is
    // merged once, and a day that is written again and again is merged before it is compressed.
    options.level0_file_num_compaction_trigger =
        static_cast<int>(options.max_bytes_for_level_base / options.write_buffer_size);
    // Of real homes' blocks it takes an eighth away (1.57 to 1.35 bytes a reading).
    options.bottommost_compression = rocksdb::kZSTD;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

Result<std::unique_ptr<Kv>> open_rocksdb(const std::string& directory, const RocksDbOptions& options) {
  rocksdb::DBOptions db_options;
  db_options.create_if_missing = options.create;
  db_options.create_missing_column_families = !options.read_only;  // of an older directory
  db_options.paranoid_checks = true;
  // A torn tail of the log is what a power cut leaves; anything else is corruption and refuses to open.
  db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db_options.track_and_verify_wals_in_manifest = true;
  db_options.max_background_jobs = 2;
  db_options.max_open_files = 512;
  db_options.keep_log_file_num = 4;
  db_options.wal_bytes_per_sync = 0;
  db_options.bytes_per_sync = 1u << 20;
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options(Family::kMeta));
  std::vector<std::string> there;
  if (options.read_only) (void)rocksdb::DB::ListColumnFamilies(db_options, directory, &there);
  for (std::size_t i = 1; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    // A directory of before there were final values is read as it is.
    if (options.read_only && family == Family::kFinals &&
        std::find(there.begin(), there.end(), std::string(to_string(family))) == there.end()) {
      continue;
    }
    descriptors.emplace_back(std::string(to_string(family)), family_options(family));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto opened = options.read_only
                          ? rocksdb::DB::OpenForReadOnly(db_options, directory, descriptors, &handles, &db)
                          : rocksdb::DB::Open(db_options, directory, descriptors, &handles, &db);
  if (!opened.ok()) return to_error(opened);
  return std::unique_ptr<Kv>(
      std::make_unique<KvRocksDb>(options.fsync, std::unique_ptr<rocksdb::DB>(db), std::move(handles)));
}

}  // namespace amity::store
