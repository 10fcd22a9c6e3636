// The keys of every device, encrypted at rest. Each device's keys are sealed with AES-256-GCM under a data key, the
// data key under a master secret of 32 bytes that never reaches the store (docs/formats/key_ring.md). In memory they
// stay sealed too and are opened for the length of a conversation. Any thread may call.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/runtime.h"
#include "headend/counter_book.h"
#include "store/registry.h"
#include "wire/dlms/acse.h"
#include "wire/dlms/security.h"

namespace amity::headend {

struct KeySet {
  Bytes encryption;      // EK: 16 bytes, 32 in suite 2
  Bytes authentication;  // AK: same size
};

// What is needed to converse with one device. Wiped when destroyed.
struct DeviceKeys {
  dlms::Mechanism mechanism = dlms::Mechanism::kNone;
  dlms::SecurityPolicy policy;           // what every APDU carries at least; a downgrade is refused
  dlms::SystemTitle client_title{};      // ours
  std::optional<dlms::SystemTitle> meter_title;  // how a push says who it is
  Bytes password;                        // LLS password or HLS secret
  KeySet current;
  std::optional<KeySet> previous;        // while a rotation is under way
  Bytes master;                          // KEK of key transport; may be empty
  std::uint32_t generation = 1;          // of `current`; `previous` is generation - 1
  bool dedicated_key = false;            // a fresh key per association

  DeviceKeys() = default;
  DeviceKeys(const DeviceKeys&) = default;
  DeviceKeys(DeviceKeys&&) = default;
  DeviceKeys& operator=(const DeviceKeys&) = default;
  DeviceKeys& operator=(DeviceKeys&&) = default;
  ~DeviceKeys();
};

class KeyRing {
 public:
  static constexpr std::size_t kSecretSize = 32;

  // Opens the ring kept in `registry`, or makes a new one in an empty registry. kSecurity when the master secret is
  // not the one the ring was sealed with. `registry` and `random` outlive the ring. With `commit_thread` counters
  // are made durable by one thread of the ring's own (group commit); without it by the caller's thread (virtual
  // time).
  static Result<std::unique_ptr<KeyRing>> open(store::Registry& registry, ByteView master_secret, Random& random,
                                               bool commit_thread);
  ~KeyRing();

  Status put(DeviceId device, const DeviceKeys& keys);
  Status put_all(std::span<const std::pair<DeviceId, DeviceKeys>> keys);  // one transaction per 10,000
  // kNotFound for a device without keys (it can only be read without security).
  Result<DeviceKeys> keys(DeviceId device) const;
  bool has(DeviceId device) const;
  std::size_t size() const;
  std::optional<DeviceId> device_of(const dlms::SystemTitle& meter_title) const;

  // The next set becomes current and today's stays as previous, until the meter has proved the new one.
  Status begin_rotation(DeviceId device, KeySet next);
  Status finish_rotation(DeviceId device);  // forgets the previous set

  // Seals the data key under another master secret; the devices' keys stay as they are.
  Status change_master_secret(ByteView master_secret);

  CounterBook& counters() { return *counters_; }

 private:
  KeyRing(store::Registry& registry, Random& random);
  Status open_data_key(ByteView master_secret);
  Status load();
  Bytes seal(ByteView key, const std::string& name, ByteView plain) const;
  Result<Bytes> unseal(ByteView key, const std::string& name, ByteView sealed) const;
  void remember(DeviceId device, const DeviceKeys& keys, Bytes sealed);

  store::Registry& registry_;
  Random& random_;
  std::unique_ptr<CounterBook> counters_;
  mutable std::mutex mutex_;  // guards what follows
  Bytes data_key_;
  std::unordered_map<DeviceId, Bytes> sealed_;
  std::unordered_map<std::uint64_t, DeviceId> by_title_;
};

}  // namespace amity::headend
