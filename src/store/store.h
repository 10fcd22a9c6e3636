// One data directory with all that is kept in it.
#pragma once

#include <memory>
#include <string>

#include "store/billing.h"
#include "store/events.h"
#include "store/finals.h"
#include "store/journal.h"
#include "store/readings.h"
#include "store/registry.h"

namespace amity::store {

struct StoreStats {
  std::uint64_t syncs = 0;           // writes that waited for the disk
  std::uint64_t bytes_written = 0;   // keys and values handed to the disk's log
  std::uint64_t block_bytes = 0;     // what the readings take on disk
  std::uint64_t replayed_facts = 0;  // when it was opened
};

// The store applies readings, events and final values itself: a fact ReadingsArrived, EventsArrived, ReadingsFinal or
// EditChanged that is durable in the journal is in readings(), events() and finals() before its `on_durable` runs.
// Nobody else calls their apply().
class Store {
 public:
  virtual ~Store() = default;
  virtual Journal& journal() = 0;
  virtual Readings& readings() = 0;
  virtual Events& events() = 0;
  virtual Finals& finals() = 0;
  virtual Registry& registry() = 0;
  virtual Billing& billing() = 0;
  // A consistent copy in a new directory while everyone goes on working; restore_backup() makes it usable again.
  virtual Status backup(const std::string& directory) = 0;
  virtual StoreStats stats() = 0;
};

struct EmbeddedOptions {
  bool create = true;
  bool fsync = true;
};

// RocksDB and SQLite in `directory`. Fails loudly on a checksum error or when another process holds it. A thread of its
// own commits the journal; callbacks run there. A failed fsync ends the process.
Result<std::unique_ptr<Store>> open_embedded(const std::string& directory, const EmbeddedOptions& options);

}  // namespace amity::store
