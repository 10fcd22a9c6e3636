#include "headend/key_codec.h"

namespace amity::headend {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kHasTitle = 1, kHasPrevious = 2, kDedicated = 4, kAuthenticate = 8, kEncrypt = 16;
constexpr std::size_t kFieldMax = 255;

void put_field(ByteWriter& out, ByteView field) {
  out.u8(static_cast<std::uint8_t>(field.size()));
  out.bytes(field);
}

Result<Bytes> take_field(ByteReader& in) {
  AMITY_TRY(const std::uint8_t size, in.u8());
  AMITY_TRY(const ByteView field, in.take(size));
  return Bytes(field.begin(), field.end());
}

Status check_set(const KeySet& set, std::size_t size) {
  if (set.encryption.size() != size || (set.authentication.size() != size && !set.authentication.empty())) {
    return make_error(ErrorCode::kInvalid, "keys of this suite have " + std::to_string(size) + " bytes");
  }
  return {};
}

}  // namespace

Bytes encode_keys(const DeviceKeys& keys) {
  Bytes bytes;
  ByteWriter out(bytes);
  bytes.reserve(256);
  std::uint8_t flags = 0;
  if (keys.meter_title) flags |= kHasTitle;
  if (keys.previous) flags |= kHasPrevious;
  if (keys.dedicated_key) flags |= kDedicated;
  if (keys.policy.authenticate) flags |= kAuthenticate;
  if (keys.policy.encrypt) flags |= kEncrypt;
  out.u8(kVersion);
  out.u8(flags);
  out.u8(static_cast<std::uint8_t>(keys.mechanism));
  out.u8(static_cast<std::uint8_t>(keys.policy.suite));
  out.u32(keys.generation);
  out.bytes(keys.client_title);
  if (keys.meter_title) out.bytes(*keys.meter_title);
  put_field(out, keys.password);
  put_field(out, keys.master);
  put_field(out, keys.current.encryption);
  put_field(out, keys.current.authentication);
  if (keys.previous) {
    put_field(out, keys.previous->encryption);
    put_field(out, keys.previous->authentication);
  }
  return bytes;
}

Result<DeviceKeys> decode_keys(ByteView plain) {
  ByteReader in(plain);
  DeviceKeys keys;
  AMITY_TRY(const std::uint8_t version, in.u8());
  if (version != kVersion) return in.malformed("keys of version " + std::to_string(version));
  AMITY_TRY(const std::uint8_t flags, in.u8());
  AMITY_TRY(const std::uint8_t mechanism, in.u8());
  AMITY_TRY(const std::uint8_t suite, in.u8());
  if (mechanism > 7 || suite > 2) return in.malformed("unknown mechanism or suite");
  AMITY_TRY(keys.generation, in.u32());
  AMITY_TRY(const ByteView client, in.take(8));
  std::copy(client.begin(), client.end(), keys.client_title.begin());
  if ((flags & kHasTitle) != 0) {
    AMITY_TRY(const ByteView meter, in.take(8));
    std::copy(meter.begin(), meter.end(), keys.meter_title.emplace().begin());
  }
  AMITY_TRY(keys.password, take_field(in));
  AMITY_TRY(keys.master, take_field(in));
  AMITY_TRY(keys.current.encryption, take_field(in));
  AMITY_TRY(keys.current.authentication, take_field(in));
  if ((flags & kHasPrevious) != 0) {
    KeySet& previous = keys.previous.emplace();
    AMITY_TRY(previous.encryption, take_field(in));
    AMITY_TRY(previous.authentication, take_field(in));
  }
  if (!in.empty()) return in.malformed("bytes after the keys");
  keys.mechanism = static_cast<dlms::Mechanism>(mechanism);
  keys.policy.suite = static_cast<dlms::SecuritySuite>(suite);
  keys.policy.authenticate = (flags & kAuthenticate) != 0;
  keys.policy.encrypt = (flags & kEncrypt) != 0;
  keys.dedicated_key = (flags & kDedicated) != 0;
  return keys;
}

Status check_keys(const DeviceKeys& keys) {
  const bool ciphered = keys.policy.needs_protection() || keys.mechanism == dlms::Mechanism::kHighGmac;
  if (ciphered) AMITY_CHECK(check_set(keys.current, dlms::key_size(keys.policy.suite)));
  if (keys.previous) AMITY_CHECK(check_set(*keys.previous, dlms::key_size(keys.policy.suite)));
  if (keys.password.size() > kFieldMax || keys.master.size() > kFieldMax) {
    return make_error(ErrorCode::kInvalid, "a secret is longer than 255 bytes");
  }
  return {};
}

}  // namespace amity::headend
