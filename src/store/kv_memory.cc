#include "store/kv_memory.h"

#include <algorithm>

namespace amity::store {
namespace {

std::size_t index_of(Family family) { return static_cast<std::size_t>(family); }

}  // namespace

void KvMemory::remember(Family family, const std::string& key) {
  const Table& table = tables_[index_of(family)];
  const auto found = table.find(key);
  undo_.push_back({{family, key}, found == table.end() ? std::nullopt : std::optional(found->second)});
}

void KvMemory::apply(const KvBatch::Operation& operation) {
  Table& table = tables_[index_of(operation.family)];
  switch (operation.kind) {
    case KvBatch::Kind::kPut:
      remember(operation.family, operation.key);
      table[operation.key] = operation.value;
      return;
    case KvBatch::Kind::kRemove:
      remember(operation.family, operation.key);
      table.erase(operation.key);
      return;
    case KvBatch::Kind::kRemoveRange: {
      const auto from = table.lower_bound(operation.key);
      auto to = from;
      for (; to != table.end() && to->first < operation.value; ++to) remember(operation.family, to->first);
      table.erase(from, to);
      return;
    }
  }
}

Status KvMemory::write(const KvBatch& batch, Sync sync) {
  const std::lock_guard lock(mutex_);
  if (closed_) return make_error(ErrorCode::kClosed, "the store failed and is closed");
  const KvFault fault = fault_ ? fault_(batch, sync) : KvFault::kNone;
  if (fault == KvFault::kDiskFull) return make_error(ErrorCode::kIo, "disk full (injected)");
  if (fault == KvFault::kTorn) {
    // The log's tail is torn inside this batch: a batch is atomic, so after recovery nothing of it is there.
    closed_ = true;
    return make_error(ErrorCode::kClosed, "torn write (injected)");
  }
  for (const auto& operation : batch.operations()) apply(operation);
  stats_.bytes_written += batch.bytes();
  if (sync == Sync::kNo) return {};
  ++stats_.syncs;
  if (fault == KvFault::kSyncFails) {
    closed_ = true;
    return make_error(ErrorCode::kClosed, "fsync failed (injected)");
  }
  undo_.clear();
  return {};
}

Result<std::optional<std::string>> KvMemory::get(Family family, std::string_view key) {
  const std::lock_guard lock(mutex_);
  const Table& table = tables_[index_of(family)];
  const auto found = table.find(key);
  if (found == table.end()) return std::optional<std::string>();
  return std::optional(found->second);
}

Status KvMemory::scan(Family family, std::string_view from, std::string_view to, Direction direction,
                      const Visit& visit) {
  const std::lock_guard lock(mutex_);
  const Table& table = tables_[index_of(family)];
  const auto begin = table.lower_bound(from);
  auto end = to.empty() ? table.end() : table.lower_bound(to);
  if (!to.empty() && to <= from) return {};
  if (direction == Direction::kForward) {
    for (auto it = begin; it != end; ++it) {
      if (!visit(it->first, it->second)) return {};
    }
    return {};
  }
  while (end != begin) {
    --end;
    if (!visit(end->first, end->second)) return {};
  }
  return {};
}

std::uint64_t KvMemory::stored_bytes(Family family) {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [key, value] : tables_[index_of(family)]) bytes += key.size() + value.size();
  return bytes;
}

KvStats KvMemory::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

Status KvMemory::backup(const std::string&) {
  return make_error(ErrorCode::kUnsupported, "a store in memory has no files to copy");
}

void KvMemory::set_fault(std::function<KvFault(const KvBatch&, Sync)> fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

void KvMemory::crash() {
  const std::lock_guard lock(mutex_);
  for (; !undo_.empty(); undo_.pop_back()) {
    auto& [where, before] = undo_.back();
    Table& table = tables_[index_of(where.first)];
    if (before) {
      table[where.second] = std::move(*before);
    } else {
      table.erase(where.second);
    }
  }
  closed_ = false;
}

void KvMemory::corrupt(Family family, const std::string& key, std::string value) {
  const std::lock_guard lock(mutex_);
  tables_[index_of(family)][key] = std::move(value);
}

}  // namespace amity::store
