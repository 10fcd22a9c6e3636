// Kv over RocksDB. Every block read is verified against its checksum; a synced write is fsync'ed to the log.
#pragma once

#include <memory>
#include <string>

#include "store/kv.h"

namespace amity::store {

struct RocksDbOptions {
  bool create = true;
  bool fsync = true;      // false: benches that isolate the disk's part
  bool read_only = false;  // checks: changes no file
};

Result<std::unique_ptr<Kv>> open_rocksdb(const std::string& directory, const RocksDbOptions& options);

}  // namespace amity::store
