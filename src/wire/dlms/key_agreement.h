// Key agreement of suites 1 and 2 (NIST SP 800-56A as profiled by IEC 62056-5-3 clause 9.2.3.4.6):
// C(2e,0s) ephemeral unified, by the key_agreement method of Security setup; C(1e,1s) one-pass and
// C(0e,2s) static unified, by the key info of general-ciphering. Keys raw: private scalar, public
// x || y (32 and 32 + 32 bytes for P-256, 48 and 48 + 48 for P-384). Ephemeral scalars come from
// the caller's random source, one for one use.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "wire/dlms/ciphered.h"
#include "wire/dlms/security.h"

namespace amity::dlms {

// Concatenation KDF, SHA-256 for suite 1 and SHA-384 for suite 2; parties' info are their system
// titles, U's followed by `nonce_u` where there is one.
Result<Bytes> derive_key(SecuritySuite suite, ByteView shared_secret, const SystemTitle& party_u,
                         const SystemTitle& party_v, ByteView nonce_u = {});

// Z of ECDH.
Result<Bytes> ecdh_shared_secret(SecuritySuite suite, ByteView private_key,
                                 ByteView peer_public_key);

// What one side has: its own private keys and the peer's public ones, for signing and for
// agreement. Those that a scheme does not need may be empty.
struct EcKeysView {
  ByteView own_signing, own_agreement;
  ByteView peer_signing, peer_agreement;
};

// Ephemeral unified: key_data of the method's parameters and of its answer is Q || signature over
// key id || Q.
Result<Bytes> offer_ephemeral(SecuritySuite suite, const EcKeysView& keys, std::uint8_t key_id,
                              ByteView ephemeral);
// The new key, once the peer's offer is verified. U is the client, V the server.
Result<Bytes> agree_ephemeral(SecuritySuite suite, const EcKeysView& keys, std::uint8_t key_id,
                              ByteView own_ephemeral, ByteView peer_key_data,
                              const SystemTitle& client, const SystemTitle& server);

// Key info of general-ciphering.
enum class AgreementScheme : std::uint8_t { kOnePass = 1, kStatic = 2 };

struct AgreedKey {
  Bytes key;
  Bytes ciphered_data;  // of the key info: one-pass: Q || signature over Q; static: empty
};
// The originator is U, the recipient V. Static: nonce U is the transaction id with its length
// octet, as the APDU carries it (no public vector confirms the octet).
Result<AgreedKey> agree_as_originator(AgreementScheme scheme, SecuritySuite suite,
                                      const EcKeysView& keys, const SystemTitle& originator,
                                      const SystemTitle& recipient, ByteView transaction_id,
                                      ByteView ephemeral);
// The key of a received APDU whose key info says agreed. Proves nothing by itself: the tag does.
Result<Bytes> agree_as_recipient(SecuritySuite suite, const EcKeysView& keys,
                                 const GeneralCiphering& apdu, const SystemTitle& originator,
                                 const SystemTitle& recipient);

}  // namespace amity::dlms
