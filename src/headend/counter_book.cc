#include "headend/counter_book.h"

#include <algorithm>
#include <charconv>

namespace amity::headend {

namespace {

constexpr char kOwnPrefix[] = "counter/own/";
constexpr char kPeerPrefix[] = "counter/peer/";
// A restore from backup changes the store's epoch; the book remembers the one it last ran in.
constexpr char kBookEpoch[] = "counter/epoch";

std::optional<KeyName> parse_name(std::string_view name, std::string_view prefix) {
  name.remove_prefix(prefix.size());
  KeyName key;
  const char* const end = name.data() + name.size();
  const auto device = std::from_chars(name.data(), end, key.device.value);
  if (device.ec != std::errc{} || device.ptr == end || *device.ptr != '/') return std::nullopt;
  const auto generation = std::from_chars(device.ptr + 1, end, key.generation);
  if (generation.ec != std::errc{} || generation.ptr != end) return std::nullopt;
  return key;
}

Bytes four_bytes(std::uint32_t v) {
  Bytes out;
  ByteWriter(out).u32(v);
  return out;
}

std::uint32_t saturated(std::uint64_t v) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(v, kCounterLast));
}

}  // namespace

CounterBook::CounterBook(store::Registry& registry, bool commit_thread) : registry_(registry) {
  if (commit_thread) thread_ = std::thread([this] { run(); });
}

CounterBook::~CounterBook() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock(mutex_);
  if (!own_dirty_.empty() || !peer_dirty_.empty() || !waiting_.empty()) commit_once(lock);
}

std::string CounterBook::own_name(KeyName key) {
  return kOwnPrefix + std::to_string(key.device.value) + "/" + std::to_string(key.generation);
}
std::string CounterBook::peer_name(KeyName key) {
  return kPeerPrefix + std::to_string(key.device.value) + "/" + std::to_string(key.generation);
}

Status CounterBook::load() {
  AMITY_TRY(const auto store_epoch, registry_.value(store::kRestoredEpochName));
  AMITY_TRY(const auto book_epoch, registry_.value(kBookEpoch));
  const bool restored = store_epoch.has_value() && store_epoch != book_epoch;
  std::unique_lock lock(mutex_);
  Status result;
  std::vector<std::pair<std::string, Bytes>> skipped;
  const auto read = [&](std::string_view prefix, const std::string& name, ByteView value, auto&& keep) {
    const auto key = parse_name(name, prefix);
    auto number = ByteReader(value).u32();
    if (!key || !number.ok()) {
      result = make_error(ErrorCode::kCorrupt, "the counter value " + name + " cannot be read");
      return;
    }
    keep(*key, *number);
  };
  AMITY_CHECK(registry_.each_value(kOwnPrefix, [&](const std::string& name, ByteView value) {
    read(kOwnPrefix, name, value, [&](KeyName key, std::uint32_t bound) {
      if (restored) {
        bound = saturated(std::uint64_t{bound} + kRestoreSkip);
        skipped.emplace_back(name, four_bytes(bound));
      }
      own_[key] = Own{bound, bound, bound, 0};
    });
  }));
  AMITY_CHECK(registry_.each_value(kPeerPrefix, [&](const std::string& name, ByteView value) {
    read(kPeerPrefix, name, value, [&](KeyName key, std::uint32_t mark) { peer_[key] = mark; });
  }));
  AMITY_CHECK(result);
  if (restored) {
    skipped.emplace_back(kBookEpoch, *store_epoch);
    AMITY_CHECK(registry_.put_values(skipped));
  }
  return {};
}

Result<dlms::InvocationCounter> CounterBook::next_own(KeyName key) {
  const std::lock_guard lock(mutex_);
  Own& own = own_[key];
  if (own.next >= kCounterLast) {
    return make_error(ErrorCode::kLimit, "the invocation counter is exhausted: the device needs a new key");
  }
  if (own.next >= own.bound) return make_error(ErrorCode::kBusy, "no invocation counter is reserved");
  return dlms::InvocationCounter{own.next++};
}

std::uint32_t CounterBook::reserved(KeyName key) const {
  const std::lock_guard lock(mutex_);
  const auto found = own_.find(key);
  if (found == own_.end() || found->second.at_least > found->second.next) return 0;
  return found->second.bound - found->second.next;
}

std::uint32_t CounterBook::next(KeyName key) const {
  const std::lock_guard lock(mutex_);
  const auto found = own_.find(key);
  return found == own_.end() ? 1 : found->second.next;
}

bool CounterBook::near_exhaustion(KeyName key) const {
  const std::lock_guard lock(mutex_);
  const auto found = own_.find(key);
  return found != own_.end() && found->second.next >= kCounterWarnAt;
}

void CounterBook::raise_own(KeyName key, std::uint32_t at_least) {
  const std::lock_guard lock(mutex_);
  Own& own = own_[key];
  own.at_least = std::max(own.at_least, at_least);
}

void CounterBook::reserve(KeyName key, std::uint32_t wanted, std::function<void(Status)> on_durable) {
  std::unique_lock lock(mutex_);
  Own& own = own_[key];
  if (own.at_least > own.next) {  // nothing between is ever used
    own.next = own.at_least;
    own.bound = std::max(own.bound, own.next);
    own.asked = std::max(own.asked, own.bound);
  }
  if (own.next >= kCounterLast) {
    lock.unlock();
    return on_durable(make_error(ErrorCode::kLimit, "the invocation counter is exhausted: the device needs a new key"));
  }
  if (own.bound - own.next >= wanted) {
    lock.unlock();
    return on_durable({});
  }
  const std::uint32_t bound = saturated(std::uint64_t{own.next} + std::max(wanted, kOwnCounterBatch));
  if (bound > own.asked) {
    own.asked = bound;
    own_dirty_.push_back(key);
  }
  waiting_.push_back({std::move(on_durable), key, own.asked});
  commit_or_wake(lock);
}

Status CounterBook::accept_peer(KeyName key, dlms::InvocationCounter counter) {
  const std::lock_guard lock(mutex_);
  const auto [at, first] = peer_.try_emplace(key, 0);
  if (!first && counter.value <= at->second) {
    ++stats_.replays_refused;
    return make_error(ErrorCode::kSecurity, "the invocation counter " + std::to_string(counter.value) +
                                                " is not above " + std::to_string(at->second) + ": a replay");
  }
  at->second = counter.value;
  if (peer_dirty_.empty() || peer_dirty_.back() != key) peer_dirty_.push_back(key);
  return {};
}

std::uint32_t CounterBook::peer_high_water(KeyName key) const {
  const std::lock_guard lock(mutex_);
  const auto found = peer_.find(key);
  return found == peer_.end() ? 0 : found->second;
}

void CounterBook::when_durable(std::function<void(Status)> on_durable) {
  std::unique_lock lock(mutex_);
  if (peer_dirty_.empty() && own_dirty_.empty() && !committing_) {
    lock.unlock();
    return on_durable({});
  }
  waiting_.push_back({std::move(on_durable), {}, 0});
  commit_or_wake(lock);
}

void CounterBook::commit_or_wake(std::unique_lock<std::mutex>& lock) {
  if (thread_.joinable()) {
    wake_.notify_one();
    return;
  }
  while (!committing_ && !waiting_.empty()) commit_once(lock);
}

void CounterBook::commit_once(std::unique_lock<std::mutex>& lock) {
  committing_ = true;
  std::vector<KeyName> own, peer;
  std::vector<Waiting> waiting;
  own.swap(own_dirty_);
  peer.swap(peer_dirty_);
  waiting.swap(waiting_);
  std::sort(peer.begin(), peer.end());
  peer.erase(std::unique(peer.begin(), peer.end()), peer.end());
  std::vector<std::pair<std::string, Bytes>> values;
  values.reserve(own.size() + peer.size());
  std::vector<std::uint32_t> bounds;
  for (const KeyName key : own) {
    bounds.push_back(own_[key].asked);
    values.emplace_back(own_name(key), four_bytes(bounds.back()));
  }
  for (const KeyName key : peer) values.emplace_back(peer_name(key), four_bytes(peer_[key]));
  lock.unlock();
  const Status status = values.empty() ? Status{} : registry_.put_values(values);
  lock.lock();
  if (status.ok()) {
    for (std::size_t i = 0; i < own.size(); ++i) own_[own[i]].bound = std::max(own_[own[i]].bound, bounds[i]);
    ++stats_.transactions;
    stats_.values_written += values.size();
  } else {
    for (const KeyName key : own) own_[key].asked = own_[key].bound;  // asked for again by the next reserve
    peer_dirty_.insert(peer_dirty_.end(), peer.begin(), peer.end());
  }
  committing_ = false;
  // An earlier transaction may have failed for the bound that this one waits for.
  std::vector<bool> short_of;
  short_of.reserve(waiting.size());
  for (const Waiting& w : waiting) short_of.push_back(w.bound != 0 && own_[w.key].bound < w.bound);
  lock.unlock();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    waiting[i].callback(status.ok() && short_of[i] ? make_error(ErrorCode::kIo, "counters were not reserved") : status);
  }
  lock.lock();
}

void CounterBook::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    commit_once(lock);
  }
}

CounterBook::Stats CounterBook::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace amity::headend
