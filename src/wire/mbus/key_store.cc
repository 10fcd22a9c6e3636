#include "wire/mbus/key_store.h"

#include "base/crypto.h"

namespace amity::mbus {
namespace {

constexpr std::size_t kSlotsMin = 64;

std::uint32_t mix(std::uint32_t id) {
  std::uint32_t h = id * 0x9E3779B1u;
  h ^= h >> 15;
  h *= 0x85EBCA77u;
  return h ^ h >> 13;
}

}  // namespace

KeyStore::~KeyStore() {
  for (Key& key : keys_) crypto::wipe(key.bytes_);
}

// A vector that grows leaves copies behind: it grows by hand, and the old place is wiped.
void KeyStore::reserve_wiped() {
  if (keys_.size() < keys_.capacity()) return;
  std::vector<Key> larger;
  larger.reserve(keys_.empty() ? kSlotsMin : keys_.size() * 2);
  larger.assign(keys_.begin(), keys_.end());
  for (Key& key : keys_) crypto::wipe(key.bytes_);
  keys_ = std::move(larger);
}

Status KeyStore::put(std::uint32_t id, ByteView key, std::uint16_t manufacturer,
                     std::uint32_t& head) {
  if (key.size() != 8 && key.size() != 16) {
    return make_error(ErrorCode::kInvalid,
                      "a key has 16 bytes (AES) or 8 (DES), not " + std::to_string(key.size()));
  }
  if (keys_.size() == kKeysMax) return make_error(ErrorCode::kLimit, "too many keys");
  reserve_wiped();
  Key& made = keys_.emplace_back();
  std::copy(key.begin(), key.end(), made.bytes_.begin());
  made.size_ = static_cast<std::uint8_t>(key.size());
  made.id_ = id;
  made.manufacturer_ = manufacturer;
  made.next_ = head;
  head = static_cast<std::uint32_t>(keys_.size());
  return {};
}

std::size_t KeyStore::slot_of(std::uint32_t id) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = mix(id) & mask;
  while (slots_[slot] != 0 && keys_[slots_[slot] - 1].id_ != id) slot = (slot + 1) & mask;
  return slot;
}

void KeyStore::grow() {
  std::vector<std::uint32_t> old(std::max(kSlotsMin, slots_.size() * 2));
  old.swap(slots_);
  for (const std::uint32_t head : old) {
    if (head != 0) slots_[slot_of(keys_[head - 1].id_)] = head;
  }
}

Status KeyStore::add(std::uint32_t id, ByteView key, std::uint16_t manufacturer) {
  if (slots_.size() < 2 * (slots_used_ + 1)) grow();
  const std::size_t slot = slot_of(id);
  const bool fresh = slots_[slot] == 0;
  AMITY_CHECK(put(id, key, manufacturer, slots_[slot]));
  if (fresh) ++slots_used_;
  return {};
}

Status KeyStore::add_for_any(ByteView key) {
  if (any_count_ == kKeysPerMeterMax)
    return make_error(ErrorCode::kLimit, "at most 8 keys without a meter's number");
  AMITY_CHECK(put(0, key, 0, any_head_));
  ++any_count_;
  return {};
}

KeyStore::Candidates KeyStore::find(const Address& address) const {
  Candidates found;
  const auto take = [&](std::uint32_t at) {
    for (; at != 0 && found.count < found.keys.size(); at = keys_[at - 1].next_) {
      const Key& key = keys_[at - 1];
      if (key.manufacturer_ == 0 || key.manufacturer_ == address.manufacturer)
        found.keys[found.count++] = &key;
    }
  };
  if (!slots_.empty()) take(slots_[slot_of(address.id)]);
  take(any_head_);
  return found;
}

}  // namespace amity::mbus
