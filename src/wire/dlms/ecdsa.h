// Digital signatures of suites 1 (P-256, SHA-256) and 2 (P-384, SHA-384) (IEC 62056-5-3 clause
// 9.2.3.4.5). Keys are raw: a private scalar of 32 or 48 bytes, a public point x || y; signatures
// are r || s. OpenSSL draws the signature's own random number: two signatures of one message
// differ.
#pragma once

#include "base/bytes.h"
#include "wire/dlms/security.h"

namespace amity::dlms {

// x || y. kInvalid where the scalar is zero or not below the curve's order: draw another.
Result<Bytes> ec_public_key(SecuritySuite suite, ByteView private_key);

// Bytes of r || s, and of a public key: 64 or 96. Suite 0: 0.
constexpr std::size_t signature_size(SecuritySuite suite) {
  return suite == SecuritySuite::k1 ? 64 : suite == SecuritySuite::k2 ? 96 : 0;
}

Result<Bytes> ecdsa_sign(SecuritySuite suite, ByteView private_key, ByteView message);
// kSecurity where the signature is not of this message by this key.
Status ecdsa_verify(SecuritySuite suite, ByteView public_key, ByteView message, ByteView signature);

}  // namespace amity::dlms
