// An ordered key-value store with atomic batches: what journal, readings and events are built on. Two implementations:
// RocksDB on disk (kv_rocksdb.h) and memory with faults for virtual time (kv_memory.h). Keys compare as bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace amity::store {

enum class Family : std::uint8_t { kMeta = 0, kJournal = 1, kBlocks = 2, kEvents = 3, kFinals = 4 };
inline constexpr std::size_t kFamilies = 5;
std::string_view to_string(Family family);

// Operations that take effect together or not at all, in order.
class KvBatch {
 public:
  enum class Kind : std::uint8_t { kPut, kRemove, kRemoveRange };
  struct Operation {
    Kind kind;
    Family family;
    std::string key;
    std::string value;  // kRemoveRange: the first key that stays
  };

  void put(Family family, std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    operations_.push_back({Kind::kPut, family, std::move(key), std::move(value)});
  }
  void remove(Family family, std::string key) {
    operations_.push_back({Kind::kRemove, family, std::move(key), {}});
  }
  // [from, to)
  void remove_range(Family family, std::string from, std::string to) {
    operations_.push_back({Kind::kRemoveRange, family, std::move(from), std::move(to)});
  }
  bool empty() const { return operations_.empty(); }
  std::size_t bytes() const { return bytes_; }
  const std::vector<Operation>& operations() const { return operations_; }

 private:
  std::vector<Operation> operations_;
  std::size_t bytes_ = 0;
};

// Whether a write returns only after it survives a power cut. A synced write makes every write before it durable too.
enum class Sync : std::uint8_t { kNo, kYes };
enum class Direction : std::uint8_t { kForward, kBackward };

struct KvStats {
  std::uint64_t syncs = 0;
  std::uint64_t bytes_written = 0;
};

class Kv {
 public:
  virtual ~Kv() = default;

  // kIo "disk full..." leaves the store usable: the batch may or may not survive a crash, later batches may succeed.
  // kClosed: the store failed for good (a failed fsync) and must be opened again.
  virtual Status write(const KvBatch& batch, Sync sync) = 0;
  virtual Result<std::optional<std::string>> get(Family family, std::string_view key) = 0;
  // Visits [from, to) until `visit` returns false; to "" = to the end. The views live during the call only.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual Status scan(Family family, std::string_view from, std::string_view to, Direction direction,
                      const Visit& visit) = 0;
  // Bytes on disk of one family, 0 where there is no disk.
  virtual std::uint64_t stored_bytes(Family family) = 0;
  virtual KvStats stats() const = 0;
  // A consistent copy in a new directory, while writers go on.
  virtual Status backup(const std::string& directory) = 0;
  // Reads every checksum of every file. The error says which file.
  virtual Status verify() = 0;
  // Moves what is in memory to its final place and compacts it (offline and in benches).
  virtual Status compact() = 0;
};

// Big-endian, so that keys sort as numbers.
void append_key_u32(std::string& key, std::uint32_t v);
void append_key_u64(std::string& key, std::uint64_t v);
// Signed: the sign bit is flipped.
void append_key_i32(std::string& key, std::int32_t v);
void append_key_i64(std::string& key, std::int64_t v);
std::uint32_t key_u32(std::string_view key, std::size_t at);
std::uint64_t key_u64(std::string_view key, std::size_t at);
inline std::int32_t key_i32(std::string_view key, std::size_t at) {
  return static_cast<std::int32_t>(key_u32(key, at) ^ 0x8000'0000u);
}
inline std::int64_t key_i64(std::string_view key, std::size_t at) {
  return static_cast<std::int64_t>(key_u64(key, at) ^ 0x8000'0000'0000'0000u);
}

}  // namespace amity::store
