#include "wire/decode/opener.h"

#include <algorithm>

#include "wire/decode/limits.h"

namespace amity::decode {
namespace {

// What the three ciphered forms have in common.
struct Envelope {
  ByteView content;
  ByteView system_title;
  ByteView extra_aad;
  std::optional<dlms::KeyInfo> key_info;
};

std::optional<Envelope> envelope_of(const dlms::Apdu& apdu) {
  if (const auto* v = std::get_if<dlms::ServiceCiphered>(&apdu))
    return Envelope{v->content, {}, {}, {}};
  if (const auto* v = std::get_if<dlms::GeneralGloDed>(&apdu)) {
    return Envelope{v->content, v->system_title, {}, {}};
  }
  if (const auto* v = std::get_if<dlms::GeneralCiphering>(&apdu)) {
    return Envelope{v->content, v->originator_system_title, v->authenticated_header, v->key_info};
  }
  return std::nullopt;
}

// The keys that may fit: those given, or what a wrapped key unwraps to.
Result<std::vector<Bytes>> encryption_keys(const Envelope& envelope, const Keys& keys) {
  if (!envelope.key_info || envelope.key_info->kind == dlms::KeyInfo::Kind::kIdentified)
    return keys.encryption;
  if (envelope.key_info->kind == dlms::KeyInfo::Kind::kAgreed) {
    return make_error(ErrorCode::kUnsupported, "the key was agreed between the parties");
  }
  std::vector<Bytes> unwrapped;
  for (const Bytes& kek : keys.encryption) {
    if (auto key = dlms::unwrap_key(kek, envelope.key_info->ciphered_data); key.ok()) {
      unwrapped.push_back(std::move(key).value());
    }
  }
  return unwrapped;
}

Status open_with(const dlms::SecurityHeader& header, const dlms::SystemTitle& title,
                 ByteView extra_aad, ByteView key, ByteView authentication_key, Bytes& plain) {
  AMITY_TRY(dlms::Cipher cipher, dlms::Cipher::make(key, authentication_key));
  return cipher.unprotect(header, title, plain, extra_aad);
}

Result<Bytes> open_envelope(const Envelope& envelope, const Keys& keys, Security& security) {
  AMITY_TRY(const dlms::SecurityHeader header, dlms::parse_security_header(envelope.content));
  security.mode = to_string(header.control);
  security.suite = header.control.suite_id();
  security.invocation_counter = header.counter.value;
  security.system_title.assign(envelope.system_title.begin(), envelope.system_title.end());
  dlms::SystemTitle title{};
  if (!envelope.system_title.empty()) {
    AMITY_TRY(title, dlms::system_title_from(envelope.system_title));
  } else if (keys.system_title) {
    title = *keys.system_title;
    security.system_title.assign(title.begin(), title.end());
  } else {
    return make_error(ErrorCode::kSecurity, "the sender's system title is needed");
  }
  AMITY_TRY(const std::vector<Bytes> candidates, encryption_keys(envelope, keys));
  if (candidates.empty()) return make_error(ErrorCode::kSecurity, "a key is needed");
  const bool authenticated = header.control.authenticated();
  if (authenticated && keys.authentication.empty()) {
    return make_error(ErrorCode::kSecurity, "the authentication key is needed");
  }
  static const std::vector<Bytes> kNoKey(1);
  Error last = make_error(ErrorCode::kSecurity, "no key fits");
  for (const Bytes& key : candidates) {
    for (const Bytes& ak : authenticated ? keys.authentication : kNoKey) {
      Bytes plain;
      if (Status status = open_with(header, title, envelope.extra_aad, key, ak, plain);
          !status.ok()) {
        last = status.error();
      } else if (authenticated || dlms::decode_apdu(plain).ok()) {
        return plain;
      } else {
        last = make_error(ErrorCode::kSecurity,
                          "no key gives an APDU: wrong key or system title, or altered data");
      }
    }
  }
  return last;
}

}  // namespace

Result<Opened> open_apdu(ByteView apdu, const Keys& keys) {
  Opened opened;
  opened.apdu.assign(apdu.begin(), apdu.end());
  if (keys.encryption.size() > kKeysMax || keys.authentication.size() > kKeysMax) {
    return make_error(ErrorCode::kLimit, "too many keys");
  }
  for (std::size_t layer = 0; layer < kProtectionLayersMax; ++layer) {
    AMITY_TRY(const dlms::Apdu decoded, dlms::decode_apdu(opened.apdu));
    const std::optional<Envelope> envelope = envelope_of(decoded);
    if (!envelope) return opened;
    auto plain = open_envelope(*envelope, keys, opened.security);
    if (!plain.ok()) {
      opened.security.ok = false;
      opened.security.reason = plain.error().reason;
      return opened;
    }
    opened.apdu = std::move(plain).value();
  }
  return make_error(ErrorCode::kLimit, "too many layers of protection");
}

Result<std::optional<Bytes>> BlockJoiner::add(ByteView apdu) {
  const auto decoded = dlms::decode_apdu(apdu);
  const auto* block = decoded.ok() ? std::get_if<dlms::GeneralBlockTransfer>(&*decoded) : nullptr;
  if (block == nullptr) return std::optional(Bytes(apdu.begin(), apdu.end()));
  if (block->block_number == 1) {
    joined_.clear();
    next_block_ = 1;
  }
  if (block->block_number != next_block_) {
    const Error error = make_error(
        ErrorCode::kMalformed, "general block " + std::to_string(block->block_number) + " where " +
                                   std::to_string(next_block_) + " was expected");
    joined_.clear();
    next_block_ = 1;
    return error;
  }
  if (joined_.size() + block->data.size() > kMessageBytesMax) {
    joined_.clear();
    return make_error(ErrorCode::kLimit, "the joined blocks are too large");
  }
  append(joined_, block->data);
  ++next_block_;
  if (!block->last_block) return std::optional<Bytes>();
  next_block_ = 1;
  return std::optional(std::exchange(joined_, {}));
}

}  // namespace amity::decode
