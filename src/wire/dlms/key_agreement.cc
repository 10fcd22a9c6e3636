#include "wire/dlms/key_agreement.h"

#include <algorithm>

#include "wire/dlms/ec_key.h"
#include "wire/dlms/ecdsa.h"

namespace amity::dlms {
namespace {

// 2.16.756.5.8.3.{0 AES-GCM-128, 1 AES-GCM-256}, as in the KDF's AlgorithmID.
constexpr std::uint8_t kAesGcm128[] = {0x60, 0x85, 0x74, 0x05, 0x08, 0x03, 0x00};
constexpr std::uint8_t kAesGcm256[] = {0x60, 0x85, 0x74, 0x05, 0x08, 0x03, 0x01};

// Q || signature over prefix || Q.
Result<Bytes> signed_point(SecuritySuite suite, ByteView signing_key, ByteView prefix,
                           ByteView ephemeral) {
  AMITY_TRY(Bytes point, ec_public_key(suite, ephemeral));
  Bytes message(prefix.begin(), prefix.end());
  append(message, point);
  AMITY_TRY(const Bytes signature, ecdsa_sign(suite, signing_key, message));
  append(point, signature);
  return point;
}

Result<ByteView> verified_point(SecuritySuite suite, ByteView signing_key, ByteView prefix,
                                ByteView key_data) {
  const std::size_t size = signature_size(suite);
  if (size == 0 || key_data.size() != 2 * size)
    return make_error(ErrorCode::kMalformed, "an ephemeral key of a wrong size");
  const ByteView point = key_data.first(size);
  Bytes message(prefix.begin(), prefix.end());
  append(message, point);
  AMITY_CHECK(ecdsa_verify(suite, signing_key, message, key_data.subspan(size)));
  return point;
}

// With its length octet.
Result<Bytes> nonce_of(ByteView transaction_id) {
  if (transaction_id.empty() || transaction_id.size() > 127)
    return make_error(ErrorCode::kInvalid, "static key agreement needs a transaction id");
  Bytes nonce = {static_cast<std::uint8_t>(transaction_id.size())};
  append(nonce, transaction_id);
  return nonce;
}

Result<Bytes> agree(SecuritySuite suite, ByteView own, ByteView peer, const SystemTitle& u,
                    const SystemTitle& v, ByteView nonce_u) {
  AMITY_TRY(Bytes z, ecdh_shared_secret(suite, own, peer));
  Result<Bytes> key = derive_key(suite, z, u, v, nonce_u);
  crypto::wipe(z);
  return key;
}

}  // namespace

Result<Bytes> derive_key(SecuritySuite suite, ByteView shared_secret, const SystemTitle& party_u,
                         const SystemTitle& party_v, ByteView nonce_u) {
  if (suite == SecuritySuite::k0)
    return make_error(ErrorCode::kInvalid, "suite 0 has no key agreement");
  Bytes message = {0, 0, 0, 1};
  append(message, shared_secret);
  append(message, suite == SecuritySuite::k1 ? ByteView(kAesGcm128) : ByteView(kAesGcm256));
  append(message, party_u);
  append(message, nonce_u);
  append(message, party_v);
  Bytes key(key_size(suite));
  if (suite == SecuritySuite::k1) {
    const auto digest = crypto::sha256(message);
    std::copy_n(digest.begin(), key.size(), key.begin());
  } else {
    const auto digest = crypto::sha384(message);
    std::copy_n(digest.begin(), key.size(), key.begin());
  }
  crypto::wipe(message);
  return key;
}

Result<Bytes> ecdh_shared_secret(SecuritySuite suite, ByteView private_key,
                                 ByteView peer_public_key) {
  AMITY_TRY(const Curve curve, curve_of(suite));
  AMITY_TRY(const OwnedOpenssl<EVP_PKEY> own, private_key_from(curve, private_key));
  AMITY_TRY(const OwnedOpenssl<EVP_PKEY> peer, public_key_from(curve, peer_public_key));
  const OwnedOpenssl<EVP_PKEY_CTX> ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  Bytes secret(curve.size);
  std::size_t written = secret.size();
  if (ctx == nullptr || EVP_PKEY_derive_init(ctx.get()) != 1 ||
      EVP_PKEY_derive_set_peer(ctx.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(ctx.get(), secret.data(), &written) != 1 || written != curve.size) {
    return make_error(ErrorCode::kSecurity, "key agreement failed");
  }
  return secret;
}

Result<Bytes> offer_ephemeral(SecuritySuite suite, const EcKeysView& keys, std::uint8_t key_id,
                              ByteView ephemeral) {
  return signed_point(suite, keys.own_signing, ByteView(&key_id, 1), ephemeral);
}

Result<Bytes> agree_ephemeral(SecuritySuite suite, const EcKeysView& keys, std::uint8_t key_id,
                              ByteView own_ephemeral, ByteView peer_key_data,
                              const SystemTitle& client, const SystemTitle& server) {
  AMITY_TRY(const ByteView point,
            verified_point(suite, keys.peer_signing, ByteView(&key_id, 1), peer_key_data));
  return agree(suite, own_ephemeral, point, client, server, {});
}

Result<AgreedKey> agree_as_originator(AgreementScheme scheme, SecuritySuite suite,
                                      const EcKeysView& keys, const SystemTitle& originator,
                                      const SystemTitle& recipient, ByteView transaction_id,
                                      ByteView ephemeral) {
  AgreedKey agreed;
  if (scheme == AgreementScheme::kOnePass) {
    AMITY_TRY(agreed.ciphered_data, signed_point(suite, keys.own_signing, {}, ephemeral));
    AMITY_TRY(agreed.key, agree(suite, ephemeral, keys.peer_agreement, originator, recipient, {}));
    return agreed;
  }
  AMITY_TRY(const Bytes nonce, nonce_of(transaction_id));
  AMITY_TRY(agreed.key,
            agree(suite, keys.own_agreement, keys.peer_agreement, originator, recipient, nonce));
  return agreed;
}

Result<Bytes> agree_as_recipient(SecuritySuite suite, const EcKeysView& keys,
                                 const GeneralCiphering& apdu, const SystemTitle& originator,
                                 const SystemTitle& recipient) {
  const bool agreed = apdu.key_info && apdu.key_info->kind == KeyInfo::Kind::kAgreed &&
                      apdu.key_info->parameters.size() == 1;
  if (!agreed) return make_error(ErrorCode::kMalformed, "no key agreement in the key info");
  const ByteView data = apdu.key_info->ciphered_data;
  switch (static_cast<AgreementScheme>(apdu.key_info->parameters[0])) {
    case AgreementScheme::kOnePass: {
      AMITY_TRY(const ByteView point, verified_point(suite, keys.peer_signing, {}, data));
      return agree(suite, keys.own_agreement, point, originator, recipient, {});
    }
    case AgreementScheme::kStatic: {
      if (!data.empty())
        return make_error(ErrorCode::kMalformed, "static key agreement with an ephemeral key");
      AMITY_TRY(const Bytes nonce, nonce_of(apdu.transaction_id));
      return agree(suite, keys.own_agreement, keys.peer_agreement, originator, recipient, nonce);
    }
  }
  return make_error(ErrorCode::kUnsupported, "an unknown scheme of key agreement");
}

}  // namespace amity::dlms
