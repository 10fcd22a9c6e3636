// Invocation counters, both ways, durable. Ours are reserved in batches before use, so a crash can only skip some,
// never repeat one. A peer's high-water mark is raised at once in memory and made durable before the data it
// protected are acknowledged. Writes of many devices share one transaction. Any thread may call.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "headend/limits.h"
#include "model/ids.h"
#include "store/registry.h"
#include "wire/dlms/security.h"

namespace amity::headend {

// One key of one device: counters start anew with each generation.
struct KeyName {
  DeviceId device;
  std::uint32_t generation = 1;
  friend auto operator<=>(const KeyName&, const KeyName&) = default;
};

class CounterBook {
 public:
  CounterBook(store::Registry& registry, bool commit_thread);
  ~CounterBook();  // writes what is not yet durable
  CounterBook(const CounterBook&) = delete;
  CounterBook& operator=(const CounterBook&) = delete;

  // Reads what is durable. After a restore from backup (the epoch differs) every own counter skips ahead.
  Status load();

  // The next counter to send with. kBusy when nothing is reserved (see reserve), kLimit near 2^32: rekey.
  Result<dlms::InvocationCounter> next_own(KeyName key);
  // What is reserved and not yet used.
  std::uint32_t reserved(KeyName key) const;
  std::uint32_t next(KeyName key) const;  // that next_own would give
  // Asks for at least `wanted` reserved counters; `on_durable` runs once, on the committing thread, possibly before
  // this returns.
  void reserve(KeyName key, std::uint32_t wanted, std::function<void(Status)> on_durable);
  // The peer wants counters of at least this (its own high-water mark for us). Takes effect with the next reserve().
  void raise_own(KeyName key, std::uint32_t at_least);
  bool near_exhaustion(KeyName key) const;

  // kSecurity unless `counter` is above everything accepted before; then it is the new mark.
  Status accept_peer(KeyName key, dlms::InvocationCounter counter);
  std::uint32_t peer_high_water(KeyName key) const;
  // Runs `on_durable` once every mark accepted so far survives a crash.
  void when_durable(std::function<void(Status)> on_durable);

  struct Stats {
    std::uint64_t transactions = 0, values_written = 0, replays_refused = 0;
  };
  Stats stats() const;

 private:
  struct Own {
    std::uint32_t next = 1;      // to be used
    std::uint32_t bound = 1;     // durable: everything below may be used
    std::uint32_t asked = 1;     // bound being written
    std::uint32_t at_least = 0;
  };
  struct KeyHash {
    std::size_t operator()(const KeyName& k) const {
      return std::hash<std::uint64_t>{}(std::uint64_t{k.device.value} << 20 ^ k.generation);
    }
  };
  struct Waiting {
    std::function<void(Status)> callback;
    KeyName key;
    std::uint32_t bound = 0;  // 0: of when_durable
  };

  void commit_or_wake(std::unique_lock<std::mutex>& lock);
  void commit_once(std::unique_lock<std::mutex>& lock);
  void run();
  static std::string own_name(KeyName key);
  static std::string peer_name(KeyName key);

  store::Registry& registry_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_map<KeyName, Own, KeyHash> own_;
  std::unordered_map<KeyName, std::uint32_t, KeyHash> peer_;
  std::vector<KeyName> own_dirty_, peer_dirty_;
  std::vector<Waiting> waiting_;
  bool committing_ = false;
  bool stopping_ = false;
  Stats stats_;
  std::thread thread_;
};

}  // namespace amity::headend
