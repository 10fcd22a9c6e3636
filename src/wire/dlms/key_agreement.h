// Key agreement of suites 1 and 2 (NIST SP 800-56A as profiled by IEC 62056-5-3 clause 9.2.3.4.6).
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "wire/dlms/security.h"

namespace amity::dlms {

// Concatenation KDF, SHA-256 for suite 1 and SHA-384 for suite 2; parties' info are their system
// titles.
Result<Bytes> derive_key(SecuritySuite suite, ByteView shared_secret, const SystemTitle& party_u,
                         const SystemTitle& party_v);

// Z of ECDH. Keys raw: private scalar and public x || y (32 + 32 bytes for P-256, 48 + 48 for
// P-384).
Result<Bytes> ecdh_shared_secret(SecuritySuite suite, ByteView private_key,
                                 ByteView peer_public_key);

}  // namespace amity::dlms
