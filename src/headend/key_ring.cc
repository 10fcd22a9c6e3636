#include "headend/key_ring.h"

#include "headend/key_codec.h"

namespace amity::headend {

namespace {

constexpr char kDataKeyName[] = "key/data";
constexpr char kDevicePrefix[] = "key/device/";
constexpr std::size_t kIvSize = crypto::AesGcm::kIvSize;
constexpr std::size_t kTagSize = crypto::AesGcm::kTagSize;
constexpr std::uint8_t kSealVersion = 1;
constexpr std::size_t kPutBatch = 10'000;

std::string device_name(DeviceId device) { return kDevicePrefix + std::to_string(device.value); }

std::uint64_t packed(const dlms::SystemTitle& title) {
  std::uint64_t v = 0;
  for (std::uint8_t b : title) v = v << 8 | b;
  return v;
}

}  // namespace

DeviceKeys::~DeviceKeys() {
  crypto::wipe(password);
  crypto::wipe(master);
  crypto::wipe(current.encryption);
  crypto::wipe(current.authentication);
  if (previous) {
    crypto::wipe(previous->encryption);
    crypto::wipe(previous->authentication);
  }
}

KeyRing::KeyRing(store::Registry& registry, Random& random) : registry_(registry), random_(random) {}

KeyRing::~KeyRing() { crypto::wipe(data_key_); }

Result<std::unique_ptr<KeyRing>> KeyRing::open(store::Registry& registry, ByteView master_secret, Random& random,
                                               bool commit_thread) {
  if (master_secret.size() != kSecretSize) {
    return make_error(ErrorCode::kInvalid, "the master secret has " + std::to_string(master_secret.size()) +
                                               " bytes, not 32");
  }
  std::unique_ptr<KeyRing> ring(new KeyRing(registry, random));
  AMITY_CHECK(ring->open_data_key(master_secret));
  AMITY_CHECK(ring->load());
  ring->counters_ = std::make_unique<CounterBook>(registry, commit_thread);
  AMITY_CHECK(ring->counters_->load());
  return ring;
}

Status KeyRing::open_data_key(ByteView master_secret) {
  AMITY_TRY(const auto kept, registry_.value(kDataKeyName));
  if (!kept) {
    data_key_.resize(kSecretSize);
    random_.fill(data_key_);
    return registry_.put_value(kDataKeyName, seal(master_secret, kDataKeyName, data_key_));
  }
  auto opened = unseal(master_secret, kDataKeyName, *kept);
  if (!opened.ok()) {
    return make_error(ErrorCode::kSecurity, "the key ring was sealed with another master secret");
  }
  data_key_ = std::move(opened).value();
  if (data_key_.size() != kSecretSize) return make_error(ErrorCode::kCorrupt, "the data key has a wrong size");
  return {};
}

Status KeyRing::change_master_secret(ByteView master_secret) {
  if (master_secret.size() != kSecretSize) return make_error(ErrorCode::kInvalid, "a master secret has 32 bytes");
  const std::lock_guard lock(mutex_);
  return registry_.put_value(kDataKeyName, seal(master_secret, kDataKeyName, data_key_));
}

Status KeyRing::load() {
  Status result;
  const std::string prefix = kDevicePrefix;
  AMITY_CHECK(registry_.each_value(prefix, [&](const std::string& name, ByteView value) {
    if (!result.ok()) return;
    const DeviceId device(static_cast<std::uint32_t>(std::strtoul(name.c_str() + prefix.size(), nullptr, 10)));
    auto plain = unseal(data_key_, name, value);
    if (!plain.ok()) {
      result = make_error(ErrorCode::kCorrupt, "the sealed keys of device " + std::to_string(device.value) +
                                                   " fail their check");
      return;
    }
    auto keys = decode_keys(*plain);
    crypto::wipe(*plain);
    if (!keys.ok()) {
      result = std::move(keys).error();
      return;
    }
    remember(device, *keys, Bytes(value.begin(), value.end()));
  }));
  return result;
}

// [version 1][IV 12][tag 12][cipher text], AAD = the value's name, so that a sealed value is good under its name
// only.
Bytes KeyRing::seal(ByteView key, const std::string& name, ByteView plain) const {
  Bytes out(1 + kIvSize + kTagSize);
  out[0] = kSealVersion;
  const std::span<std::uint8_t> iv(out.data() + 1, kIvSize);
  random_.fill(iv);
  const Bytes iv_copy(iv.begin(), iv.end());
  crypto::AesGcm gcm(key);
  const auto tag = gcm.seal(iv_copy, as_bytes(name), plain, out);
  std::copy(tag.begin(), tag.end(), out.begin() + 1 + kIvSize);
  return out;
}

Result<Bytes> KeyRing::unseal(ByteView key, const std::string& name, ByteView sealed) const {
  if (sealed.size() < 1 + kIvSize + kTagSize || sealed[0] != kSealVersion) {
    return make_error(ErrorCode::kCorrupt, "not a sealed value");
  }
  Bytes plain;
  crypto::AesGcm gcm(key);
  AMITY_CHECK(gcm.open(sealed.subspan(1, kIvSize), as_bytes(name), sealed.subspan(1 + kIvSize + kTagSize),
                       sealed.subspan(1 + kIvSize, kTagSize), plain));
  return plain;
}

void KeyRing::remember(DeviceId device, const DeviceKeys& keys, Bytes sealed) {
  if (keys.meter_title) by_title_[packed(*keys.meter_title)] = device;
  sealed_[device] = std::move(sealed);
}

Status KeyRing::put(DeviceId device, const DeviceKeys& keys) {
  const std::pair<DeviceId, DeviceKeys> one(device, keys);
  return put_all({&one, 1});
}

Status KeyRing::put_all(std::span<const std::pair<DeviceId, DeviceKeys>> keys) {
  const std::lock_guard lock(mutex_);
  for (std::size_t from = 0; from < keys.size(); from += kPutBatch) {
    const auto batch = keys.subspan(from, std::min(kPutBatch, keys.size() - from));
    std::vector<std::pair<std::string, Bytes>> values;
    values.reserve(batch.size());
    for (const auto& [device, device_keys] : batch) {
      AMITY_CHECK(check_keys(device_keys));
      const std::string name = device_name(device);
      Bytes plain = encode_keys(device_keys);
      values.emplace_back(name, seal(data_key_, name, plain));
      crypto::wipe(plain);
    }
    AMITY_CHECK(registry_.put_values(values));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      remember(batch[i].first, batch[i].second, std::move(values[i].second));
    }
  }
  return {};
}

Result<DeviceKeys> KeyRing::keys(DeviceId device) const {
  const std::lock_guard lock(mutex_);
  const auto found = sealed_.find(device);
  if (found == sealed_.end()) {
    return make_error(ErrorCode::kNotFound, "device " + std::to_string(device.value) + " has no keys");
  }
  AMITY_TRY(Bytes plain, unseal(data_key_, device_name(device), found->second));
  auto keys = decode_keys(plain);
  crypto::wipe(plain);
  return keys;
}

bool KeyRing::has(DeviceId device) const {
  const std::lock_guard lock(mutex_);
  return sealed_.contains(device);
}

std::size_t KeyRing::size() const {
  const std::lock_guard lock(mutex_);
  return sealed_.size();
}

std::optional<DeviceId> KeyRing::device_of(const dlms::SystemTitle& meter_title) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_title_.find(packed(meter_title));
  if (found == by_title_.end()) return std::nullopt;
  return found->second;
}

Status KeyRing::begin_rotation(DeviceId device, KeySet next) {
  AMITY_TRY(DeviceKeys keys, this->keys(device));
  if (keys.previous) return make_error(ErrorCode::kConflict, "a key rotation is already under way");
  keys.previous = std::move(keys.current);
  keys.current = std::move(next);
  ++keys.generation;
  return put(device, keys);
}

Status KeyRing::finish_rotation(DeviceId device) {
  AMITY_TRY(DeviceKeys keys, this->keys(device));
  if (!keys.previous) return {};
  crypto::wipe(keys.previous->encryption);
  crypto::wipe(keys.previous->authentication);
  keys.previous.reset();
  return put(device, keys);
}

}  // namespace amity::headend
