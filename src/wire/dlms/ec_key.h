// Keys of the curves of suites 1 (P-256) and 2 (P-384) as OpenSSL has them. Private to this room.
#pragma once

#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>

#include "wire/dlms/security.h"

namespace amity::dlms {

struct FreeOpenssl {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(OSSL_PARAM_BLD* p) const { OSSL_PARAM_BLD_free(p); }
  void operator()(OSSL_PARAM* p) const { OSSL_PARAM_free(p); }
  void operator()(BIGNUM* p) const { BN_clear_free(p); }
};
template <class T>
using OwnedOpenssl = std::unique_ptr<T, FreeOpenssl>;

struct Curve {
  const char* group;
  int nid;
  std::size_t size;  // of a scalar or coordinate
  const char* digest;
};
// kInvalid for suite 0.
Result<Curve> curve_of(SecuritySuite suite);

// Raw keys: a scalar of Curve::size bytes; x || y. Sizes are checked, the point's place on the
// curve too.
Result<OwnedOpenssl<EVP_PKEY>> private_key_from(const Curve& curve, ByteView scalar);
Result<OwnedOpenssl<EVP_PKEY>> public_key_from(const Curve& curve, ByteView point);

}  // namespace amity::dlms
