// One data directory with all that is kept in it.
#pragma once

#include <memory>
#include <string>

#include "store/events.h"
#include "store/journal.h"
#include "store/readings.h"
#include "store/registry.h"

namespace amity::store {

class Store {
 public:
  virtual ~Store() = default;
  virtual Journal& journal() = 0;
  virtual Readings& readings() = 0;
  virtual Events& events() = 0;
  virtual Registry& registry() = 0;
};

struct EmbeddedOptions {
  bool create = true;
  bool fsync = true;
};

// RocksDB and SQLite in `directory`. Fails loudly on a checksum error or when another process holds it.
Result<std::unique_ptr<Store>> open_embedded(const std::string& directory, const EmbeddedOptions& options);

}  // namespace amity::store
