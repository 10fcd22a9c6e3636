// The layout of a data directory, the lock on it, and what is done with it while no server runs.
//
//   DIR/format           "amity 1"
//   DIR/lock             held by the process that uses it
//   DIR/kv/              RocksDB: journal, readings, events
//   DIR/registry.sqlite  SQLite: the registry
//   DIR/edge-quarantine/ batches of edges that could not be taken, as files
//   DIR/backup           only in a backup: marks it, so that it is not served by mistake
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace amity::store {

std::string kv_path(const std::string& directory);
std::string registry_path(const std::string& directory);

// What lies beside the databases and belongs into backups. Files that go away meanwhile, as their work
// is done, are left out.
Status copy_files(const std::string& from, const std::string& to);

class DirectoryLock {
 public:
  // kConflict when another process holds it.
  static Result<std::unique_ptr<DirectoryLock>> take(const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  int file_;
};

// Creates what is missing, or refuses: no such directory, a newer format, a backup.
Status prepare_directory(const std::string& directory, bool create);
// kConflict when it exists and is not empty.
Status create_new_directory(const std::string& directory);
// Makes everything in a backup durable, then writes the mark that it is complete.
Status seal_backup(const std::string& directory);

// Copies a backup to a new data directory and marks it as restored at `now`.
Status restore_backup(const std::string& backup, const std::string& directory, UtcSeconds now);

struct CheckReport {
  std::uint64_t journal_facts = 0, blocks = 0, readings = 0, events = 0;
  std::uint64_t final_days = 0, final_versions = 0, edits = 0;
  std::vector<std::string> damage;  // what and where, in words; empty = sound
};
// Reads and verifies everything in a data directory or a backup that no process has open. Changes nothing but the lock.
Result<CheckReport> check_directory(const std::string& directory);

}  // namespace amity::store
