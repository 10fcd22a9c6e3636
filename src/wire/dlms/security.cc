#include "wire/dlms/security.h"

#include <algorithm>
#include <cctype>

#include "wire/dlms/ciphered.h"
#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

std::array<std::uint8_t, crypto::AesGcm::kIvSize> make_iv(const SystemTitle& title,
                                                          InvocationCounter counter) {
  std::array<std::uint8_t, crypto::AesGcm::kIvSize> iv{};
  std::copy(title.begin(), title.end(), iv.begin());
  for (std::size_t i = 0; i < 4; ++i)
    iv[8 + i] = static_cast<std::uint8_t>(counter.value >> (24 - 8 * i));
  return iv;
}

Error security_error(std::string reason) {
  return make_error(ErrorCode::kSecurity, std::move(reason));
}

}  // namespace

std::string to_string(SecurityControl control) {
  if (control.authenticated()) return control.encrypted() ? "authenc" : "auth";
  return control.encrypted() ? "enc" : "none";
}

Result<SystemTitle> system_title_from(ByteView bytes) {
  SystemTitle title{};
  if (bytes.size() != title.size()) {
    return make_error(ErrorCode::kMalformed,
                      "a system title has 8 bytes, not " + std::to_string(bytes.size()));
  }
  std::copy(bytes.begin(), bytes.end(), title.begin());
  return title;
}

std::string to_string(const SystemTitle& title) {
  const bool letters =
      std::all_of(title.begin(), title.begin() + 3, [](std::uint8_t c) { return std::isalpha(c); });
  if (!letters) return to_hex(title);
  return std::string(as_text(ByteView(title).first(3))) + to_hex(ByteView(title).subspan(3));
}

SecurityControl SecurityPolicy::control(bool broadcast) const {
  return {static_cast<std::uint8_t>(
      static_cast<std::uint8_t>(suite) | (authenticate ? SecurityControl::kAuthenticated : 0) |
      (encrypt ? SecurityControl::kEncrypted : 0) | (broadcast ? SecurityControl::kBroadcast : 0))};
}

Status check_policy(const SecurityPolicy& policy, SecurityControl got) {
  if (policy.authenticate && !got.authenticated()) {
    return security_error(
        "downgrade refused: the policy asks for authentication, the APDU has none");
  }
  if (policy.encrypt && !got.encrypted()) {
    return security_error("downgrade refused: the policy asks for encryption, the APDU has none");
  }
  if (policy.needs_protection() && got.suite_id() != static_cast<std::uint8_t>(policy.suite)) {
    return security_error("security suite " + std::to_string(got.suite_id()) +
                          " where the policy asks for " +
                          std::to_string(static_cast<int>(policy.suite)));
  }
  return {};
}

Result<SecurityHeader> parse_security_header(ByteView content) {
  ByteReader in(content);
  SecurityHeader header;
  AMITY_TRY(header.control.raw, in.u8());
  AMITY_TRY(header.counter.value, in.u32());
  header.protected_part = in.rest();
  if (header.control.compressed()) {
    return make_error(
        ErrorCode::kUnsupported,
        "compressed APDU: V.44 is not implemented, no public vector would show it right");
  }
  if (header.control.suite_id() > 2) {
    return make_error(ErrorCode::kUnsupported,
                      "security suite " + std::to_string(header.control.suite_id()));
  }
  if (header.control.authenticated() && in.remaining() < Cipher::kTagSize)
    return in.truncated(Cipher::kTagSize);
  return header;
}

Result<Cipher> Cipher::make(ByteView encryption_key, ByteView authentication_key) {
  const std::size_t size = encryption_key.size();
  if (size != 16 && size != 32) {
    return make_error(ErrorCode::kInvalid,
                      "an encryption key has 16 or 32 bytes, not " + std::to_string(size));
  }
  if (!authentication_key.empty() && authentication_key.size() != size) {
    return make_error(ErrorCode::kInvalid,
                      "the authentication key is not as long as the encryption key");
  }
  return Cipher(encryption_key, authentication_key);
}

Cipher::Cipher(ByteView encryption_key, ByteView authentication_key)
    : gcm_(encryption_key),
      ak_size_(static_cast<std::uint8_t>(authentication_key.size())),
      key_size_(static_cast<std::uint8_t>(encryption_key.size())) {
  std::copy(authentication_key.begin(), authentication_key.end(), ak_.begin());
}

Cipher::~Cipher() {
  crypto::wipe(ak_);
}

Bytes Cipher::aad(SecurityControl control, ByteView extra, ByteView plain) const {
  Bytes aad;
  aad.reserve(1 + ak_size_ + extra.size() + plain.size());
  aad.push_back(control.raw);
  append(aad, ByteView(ak_).first(ak_size_));
  append(aad, extra);
  append(aad, plain);
  return aad;
}

Status Cipher::check(SecurityControl control) const {
  if (control.compressed())
    return make_error(ErrorCode::kUnsupported,
                      "V.44 compression is not implemented, no public vector would show it right");
  if (control.suite_id() > 2) {
    return make_error(ErrorCode::kUnsupported,
                      "security suite " + std::to_string(control.suite_id()));
  }
  if (dlms::key_size(static_cast<SecuritySuite>(control.suite_id())) != key_size_) {
    return security_error("a key of " + std::to_string(key_size_) +
                          " bytes does not fit security suite " +
                          std::to_string(control.suite_id()));
  }
  if (control.authenticated() && !can_authenticate()) {
    return security_error("an authentication key is needed");
  }
  return {};
}

Status Cipher::protect(SecurityControl control, const SystemTitle& own_title,
                       InvocationCounter counter, ByteView plain, Bytes& out, ByteView extra_aad) {
  AMITY_CHECK(check(control));
  const auto iv = make_iv(own_title, counter);
  ByteWriter w(out);
  w.u8(control.raw);
  w.u32(counter.value);
  if (!control.authenticated()) {
    if (control.encrypted()) {
      gcm_.crypt_unauthenticated(iv, plain, out);
    } else {
      append(out, plain);
    }
    return {};
  }
  if (control.encrypted()) {
    const auto tag = gcm_.seal(iv, aad(control, extra_aad, {}), plain, out);
    append(out, tag);
  } else {
    Bytes none;
    const auto tag = gcm_.seal(iv, aad(control, extra_aad, plain), {}, none);
    append(out, plain);
    append(out, tag);
  }
  return {};
}

Status Cipher::unprotect(const SecurityHeader& header, const SystemTitle& sender_title, Bytes& out,
                         ByteView extra_aad) {
  AMITY_CHECK(check(header.control));
  const auto iv = make_iv(sender_title, header.counter);
  ByteView body = header.protected_part;
  if (!header.control.authenticated()) {
    if (header.control.encrypted()) {
      gcm_.crypt_unauthenticated(iv, body, out);
    } else {
      append(out, body);
    }
    return {};
  }
  if (body.size() < kTagSize)
    return make_error(ErrorCode::kTruncated, "no room for the tag", kHeaderSize);
  const ByteView tag = body.last(kTagSize);
  body = body.first(body.size() - kTagSize);
  if (header.control.encrypted())
    return gcm_.open(iv, aad(header.control, extra_aad, {}), body, tag, out);
  AMITY_CHECK(gcm_.open(iv, aad(header.control, extra_aad, body), {}, tag, out));
  append(out, body);
  return {};
}

std::array<std::uint8_t, Cipher::kTagSize> Cipher::gmac(SecurityControl control,
                                                        const SystemTitle& own_title,
                                                        InvocationCounter counter,
                                                        ByteView message) {
  Bytes none;
  return gcm_.seal(make_iv(own_title, counter), aad(control, {}, message), {}, none);
}

Status protect_service(Cipher& cipher, SecurityControl control, const SystemTitle& own_title,
                       InvocationCounter counter, bool dedicated, ByteView plain, Bytes& out) {
  if (plain.empty()) return make_error(ErrorCode::kInvalid, "an empty APDU cannot be protected");
  const auto tag = dedicated ? ded_tag(plain[0]) : glo_tag(plain[0]);
  if (!tag) {
    return make_error(ErrorCode::kUnsupported,
                      "APDU " + to_hex(plain.first(1)) + " has no service-specific ciphered form");
  }
  Bytes content;
  content.reserve(Cipher::kHeaderSize + plain.size() + Cipher::kTagSize);
  AMITY_CHECK(cipher.protect(control, own_title, counter, plain, content));
  encode(ServiceCiphered{*tag, dedicated, content}, out);
  return {};
}

Status protect_general(Cipher& cipher, SecurityControl control, const SystemTitle& own_title,
                       InvocationCounter counter, bool dedicated, ByteView plain, Bytes& out) {
  Bytes content;
  content.reserve(Cipher::kHeaderSize + plain.size() + Cipher::kTagSize);
  AMITY_CHECK(cipher.protect(control, own_title, counter, plain, content));
  encode(GeneralGloDed{dedicated, own_title, content}, out);
  return {};
}

Result<Bytes> wrap_key(ByteView kek, ByteView key) {
  return crypto::aes_key_wrap(kek, key);
}
Result<Bytes> unwrap_key(ByteView kek, ByteView wrapped) {
  return crypto::aes_key_unwrap(kek, wrapped);
}

}  // namespace amity::dlms
