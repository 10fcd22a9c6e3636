// The keys of many meters, found by hash: one lookup whatever their number. Keys are wiped when the
// store goes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "wire/mbus/address.h"
#include "wire/mbus/limits.h"

namespace amity::mbus {

// Of AES (16 bytes) or DES (8 bytes).
class Key {
 public:
  ByteView bytes() const { return ByteView(bytes_).first(size_); }

 private:
  friend class KeyStore;
  std::array<std::uint8_t, 16> bytes_{};
  std::uint8_t size_ = 0;
  std::uint16_t manufacturer_ = 0;  // 0: any
  std::uint32_t id_ = 0;
  std::uint32_t next_ = 0;  // of the same slot, plus one; 0: none
};

class KeyStore {
 public:
  KeyStore() = default;
  KeyStore(KeyStore&&) noexcept = default;
  KeyStore& operator=(KeyStore&&) = delete;
  ~KeyStore();

  // Two meters may have one id: then both keys are tried, unless manufacturers tell them apart.
  // kInvalid: not 8 or 16 bytes. kLimit: kKeysMax.
  Status add(std::uint32_t id, ByteView key, std::uint16_t manufacturer = 0);
  // For meters without a key of their own; at most kKeysPerMeterMax.
  Status add_for_any(ByteView key);
  std::size_t size() const { return keys_.size(); }

  // What is to be tried for this meter, its own keys first.
  struct Candidates {
    std::array<const Key*, kKeysPerMeterMax> keys{};
    std::size_t count = 0;
    const Key* const* begin() const { return keys.data(); }
    const Key* const* end() const { return keys.data() + count; }
  };
  Candidates find(const Address& address) const;

 private:
  Status put(std::uint32_t slot_id, ByteView key, std::uint16_t manufacturer, std::uint32_t& head);
  void grow();
  std::size_t slot_of(std::uint32_t id) const;
  void reserve_wiped();

  std::vector<Key> keys_;
  std::vector<std::uint32_t> slots_;  // index of the first key plus one; 0: none. A power of two
  std::size_t slots_used_ = 0;
  std::uint32_t any_head_ = 0;
  std::size_t any_count_ = 0;
};

}  // namespace amity::mbus
