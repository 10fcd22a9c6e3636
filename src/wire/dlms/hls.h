// High-level authentication: what each side proves, f(challenge) (IEC 62056-5-3 clause 9.2.7.4).
#pragma once

#include "base/bytes.h"
#include "wire/dlms/acse.h"
#include "wire/dlms/security.h"

namespace amity::dlms {

// Everything a proof may depend on, named from the prover's side.
struct HlsContext {
  Mechanism mechanism = Mechanism::kHighGmac;
  SystemTitle prover_title{};
  SystemTitle verifier_title{};
  ByteView prover_challenge;                // the challenge the prover itself sent
  ByteView verifier_challenge;              // the challenge the prover answers
  ByteView secret;                          // of MD5, SHA-1, SHA-256
  SecuritySuite suite = SecuritySuite::k0;  // of GMAC and ECDSA
  ByteView signing_key = {};                     // ECDSA: the prover's private key (hls_proof)
  ByteView verifying_key = {};                   // ECDSA: the prover's public key (hls_verify)
};

// f(verifier_challenge). `cipher` and `counter` serve GMAC only (cipher may be null otherwise).
// Manufacturer mechanism: kUnsupported.
Result<Bytes> hls_proof(const HlsContext& context, Cipher* cipher, InvocationCounter counter);
// In constant time. For GMAC the counter in the proof is returned: the caller checks that it was
// not used before.
Result<InvocationCounter> hls_verify(const HlsContext& context, Cipher* cipher, ByteView proof);

// 8 to 64 bytes.
Status check_challenge(ByteView challenge);
// A peer that echoes our own challenge would let us prove ourselves to ourselves.
Status check_challenges_differ(ByteView own, ByteView peers);

}  // namespace amity::dlms
