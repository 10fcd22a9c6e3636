#include "wire/dlms/ec_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "wire/dlms/ecdsa.h"

namespace amity::dlms {
namespace {

struct FreeGroup {
  void operator()(EC_GROUP* p) const { EC_GROUP_free(p); }
  void operator()(EC_POINT* p) const { EC_POINT_free(p); }
};

// `point` in uncompressed form, 04 || x || y; one of both is empty.
Result<OwnedOpenssl<EVP_PKEY>> make_key(const Curve& curve, ByteView point, ByteView scalar) {
  const OwnedOpenssl<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OwnedOpenssl<BIGNUM> number;
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0);
  if (!scalar.empty()) {
    number.reset(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr));
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get());
  }
  if (!point.empty()) {
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
  }
  const OwnedOpenssl<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const OwnedOpenssl<EVP_PKEY_CTX> ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (ctx == nullptr || params == nullptr || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.get()) != 1) {
    return make_error(ErrorCode::kSecurity, "not a key of the curve");
  }
  return OwnedOpenssl<EVP_PKEY>(key);
}

Error wrong_size() {
  return make_error(ErrorCode::kInvalid, "key of a wrong size for the curve");
}

}  // namespace

Result<Curve> curve_of(SecuritySuite suite) {
  switch (suite) {
    case SecuritySuite::k1:
      return Curve{"P-256", NID_X9_62_prime256v1, 32, "SHA256"};
    case SecuritySuite::k2:
      return Curve{"P-384", NID_secp384r1, 48, "SHA384"};
    case SecuritySuite::k0:
      break;
  }
  return make_error(ErrorCode::kInvalid, "suite 0 has no elliptic curve");
}

Result<OwnedOpenssl<EVP_PKEY>> private_key_from(const Curve& curve, ByteView scalar) {
  if (scalar.size() != curve.size) return wrong_size();
  return make_key(curve, {}, scalar);
}

Result<OwnedOpenssl<EVP_PKEY>> public_key_from(const Curve& curve, ByteView point) {
  if (point.size() != 2 * curve.size) return wrong_size();
  Bytes uncompressed = {0x04};
  append(uncompressed, point);
  AMITY_TRY(OwnedOpenssl<EVP_PKEY> key, make_key(curve, uncompressed, {}));
  const OwnedOpenssl<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1)
    return make_error(ErrorCode::kSecurity, "the peer's key is not on the curve");
  return key;
}

Result<Bytes> ec_public_key(SecuritySuite suite, ByteView private_key) {
  AMITY_TRY(const Curve curve, curve_of(suite));
  if (private_key.size() != curve.size) return wrong_size();
  const std::unique_ptr<EC_GROUP, FreeGroup> group(EC_GROUP_new_by_curve_name(curve.nid));
  const std::unique_ptr<EC_POINT, FreeGroup> point(EC_POINT_new(group.get()));
  const OwnedOpenssl<BIGNUM> scalar(
      BN_bin2bn(private_key.data(), static_cast<int>(private_key.size()), nullptr));
  if (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(group.get())) >= 0) {
    return make_error(ErrorCode::kInvalid, "the private key is not below the curve's order");
  }
  Bytes encoded(1 + 2 * curve.size);
  if (EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(),
                         encoded.size(), nullptr) != encoded.size()) {
    return make_error(ErrorCode::kSecurity, "no public key could be made");
  }
  encoded.erase(encoded.begin());
  return encoded;
}

}  // namespace amity::dlms
