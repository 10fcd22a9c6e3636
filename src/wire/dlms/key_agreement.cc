#include "wire/dlms/key_agreement.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <memory>

namespace amity::dlms {
namespace {

// 2.16.756.5.8.3.{0 AES-GCM-128, 1 AES-GCM-256}, as in the KDF's AlgorithmID.
constexpr std::uint8_t kAesGcm128[] = {0x60, 0x85, 0x74, 0x05, 0x08, 0x03, 0x00};
constexpr std::uint8_t kAesGcm256[] = {0x60, 0x85, 0x74, 0x05, 0x08, 0x03, 0x01};

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(OSSL_PARAM_BLD* p) const { OSSL_PARAM_BLD_free(p); }
  void operator()(OSSL_PARAM* p) const { OSSL_PARAM_free(p); }
  void operator()(BIGNUM* p) const { BN_clear_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Error failed(const char* what) {
  return make_error(ErrorCode::kSecurity, what);
}

// `public_point` in uncompressed form, 04 || x || y; `private_key` may be empty.
Result<Owned<EVP_PKEY>> make_key(const char* group, ByteView public_point, ByteView private_key) {
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  Owned<BIGNUM> scalar;
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
  if (!private_key.empty()) {
    scalar.reset(BN_bin2bn(private_key.data(), static_cast<int>(private_key.size()), nullptr));
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get());
  }
  if (!public_point.empty()) {
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, public_point.data(),
                                     public_point.size());
  }
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const Owned<EVP_PKEY_CTX> ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (ctx == nullptr || params == nullptr || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.get()) != 1) {
    return failed("not a key of the curve");
  }
  return Owned<EVP_PKEY>(key);
}

}  // namespace

Result<Bytes> derive_key(SecuritySuite suite, ByteView shared_secret, const SystemTitle& party_u,
                         const SystemTitle& party_v) {
  if (suite == SecuritySuite::k0)
    return make_error(ErrorCode::kInvalid, "suite 0 has no key agreement");
  Bytes message = {0, 0, 0, 1};
  append(message, shared_secret);
  append(message, suite == SecuritySuite::k1 ? ByteView(kAesGcm128) : ByteView(kAesGcm256));
  append(message, party_u);
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
  if (suite == SecuritySuite::k0)
    return make_error(ErrorCode::kInvalid, "suite 0 has no key agreement");
  const char* const group = suite == SecuritySuite::k1 ? "P-256" : "P-384";
  const std::size_t size = suite == SecuritySuite::k1 ? 32 : 48;
  if (private_key.size() != size || peer_public_key.size() != 2 * size) {
    return make_error(ErrorCode::kInvalid, "key of a wrong size for the curve");
  }
  Bytes point = {0x04};
  append(point, peer_public_key);
  AMITY_TRY(const Owned<EVP_PKEY> own, make_key(group, {}, private_key));
  AMITY_TRY(const Owned<EVP_PKEY> peer, make_key(group, point, {}));
  const Owned<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, peer.get(), nullptr));
  if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1)
    return failed("the peer's key is not on the curve");
  const Owned<EVP_PKEY_CTX> ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  Bytes secret(size);
  std::size_t written = secret.size();
  if (ctx == nullptr || EVP_PKEY_derive_init(ctx.get()) != 1 ||
      EVP_PKEY_derive_set_peer(ctx.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(ctx.get(), secret.data(), &written) != 1 || written != size) {
    return failed("key agreement failed");
  }
  return secret;
}

}  // namespace amity::dlms
