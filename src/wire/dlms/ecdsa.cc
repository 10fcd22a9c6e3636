#include "wire/dlms/ecdsa.h"

#include <openssl/ec.h>

#include "wire/dlms/ec_key.h"

namespace amity::dlms {
namespace {

struct FreeSignature {
  void operator()(ECDSA_SIG* p) const { ECDSA_SIG_free(p); }
};
using Signature = std::unique_ptr<ECDSA_SIG, FreeSignature>;

}  // namespace

Result<Bytes> ecdsa_sign(SecuritySuite suite, ByteView private_key, ByteView message) {
  AMITY_TRY(const Curve curve, curve_of(suite));
  AMITY_TRY(const OwnedOpenssl<EVP_PKEY> key, private_key_from(curve, private_key));
  const OwnedOpenssl<EVP_MD_CTX> ctx(EVP_MD_CTX_new());
  Bytes der(2 * curve.size + 16);  // SEQUENCE and two INTEGERs
  std::size_t written = der.size();
  if (EVP_DigestSignInit_ex(ctx.get(), nullptr, curve.digest, nullptr, nullptr, key.get(),
                            nullptr) != 1 ||
      EVP_DigestSign(ctx.get(), der.data(), &written, message.data(), message.size()) != 1) {
    return make_error(ErrorCode::kSecurity, "signing failed");
  }
  const std::uint8_t* at = der.data();
  const Signature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(written)));
  Bytes raw(2 * curve.size);
  const int size = static_cast<int>(curve.size);
  if (signature == nullptr ||
      BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), size) != size ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + size, size) != size) {
    return make_error(ErrorCode::kSecurity, "signing failed");
  }
  return raw;
}

Status ecdsa_verify(SecuritySuite suite, ByteView public_key, ByteView message,
                    ByteView signature) {
  AMITY_TRY(const Curve curve, curve_of(suite));
  AMITY_TRY(const OwnedOpenssl<EVP_PKEY> key, public_key_from(curve, public_key));
  const auto wrong = [] { return make_error(ErrorCode::kSecurity, "the signature is wrong"); };
  if (signature.size() != 2 * curve.size) return wrong();
  const int size = static_cast<int>(curve.size);
  const Signature parts(ECDSA_SIG_new());
  if (ECDSA_SIG_set0(parts.get(), BN_bin2bn(signature.data(), size, nullptr),
                     BN_bin2bn(signature.data() + size, size, nullptr)) != 1) {
    return wrong();
  }
  Bytes der(2 * curve.size + 16);
  std::uint8_t* at = der.data();
  const int length = i2d_ECDSA_SIG(parts.get(), &at);
  const OwnedOpenssl<EVP_MD_CTX> ctx(EVP_MD_CTX_new());
  if (length <= 0 ||
      EVP_DigestVerifyInit_ex(ctx.get(), nullptr, curve.digest, nullptr, nullptr, key.get(),
                              nullptr) != 1 ||
      EVP_DigestVerify(ctx.get(), der.data(), static_cast<std::size_t>(length), message.data(),
                       message.size()) != 1) {
    return wrong();
  }
  return {};
}

}  // namespace amity::dlms
