#include "wire/dlms/hls.h"

#include "wire/dlms/ecdsa.h"
#include "wire/dlms/limits.h"

namespace amity::dlms {
namespace {

Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes all;
  for (ByteView part : parts) append(all, part);
  return all;
}

template <class Digest>
Bytes to_vector(const Digest& digest) {
  return Bytes(digest.begin(), digest.end());
}

// SC || IC || GMAC(SC || AK || challenge), IV = prover's title || IC.
Bytes gmac_proof(const HlsContext& c, Cipher& cipher, InvocationCounter counter) {
  const SecurityControl control{static_cast<std::uint8_t>(SecurityControl::kAuthenticated |
                                                          static_cast<std::uint8_t>(c.suite))};
  Bytes proof;
  ByteWriter w(proof);
  w.u8(control.raw);
  w.u32(counter.value);
  w.bytes(cipher.gmac(control, c.prover_title, counter, c.verifier_challenge));
  return proof;
}

// ECDSA signs what SHA-256 digests, the secret aside.
Bytes signed_message(const HlsContext& c) {
  return joined({c.prover_title, c.verifier_title, c.verifier_challenge, c.prover_challenge});
}

}  // namespace

Result<Bytes> hls_proof(const HlsContext& c, Cipher* cipher, InvocationCounter counter) {
  switch (c.mechanism) {
    case Mechanism::kHighMd5:
      return to_vector(crypto::md5(joined({c.verifier_challenge, c.secret})));
    case Mechanism::kHighSha1:
      return to_vector(crypto::sha1(joined({c.verifier_challenge, c.secret})));
    case Mechanism::kHighSha256:
      return to_vector(crypto::sha256(joined(
          {c.secret, c.prover_title, c.verifier_title, c.verifier_challenge, c.prover_challenge})));
    case Mechanism::kHighGmac:
      if (cipher == nullptr || !cipher->can_authenticate()) {
        return make_error(ErrorCode::kInvalid,
                          "HLS GMAC needs an encryption and an authentication key");
      }
      if (cipher->key_size() != key_size(c.suite)) {
        return make_error(ErrorCode::kInvalid, "the key does not fit the security suite");
      }
      return gmac_proof(c, *cipher, counter);
    case Mechanism::kHighEcdsa:
      return ecdsa_sign(c.suite, c.signing_key, signed_message(c));
    default:
      return make_error(ErrorCode::kUnsupported, "authentication mechanism " +
                                                     std::string(to_string(c.mechanism)) +
                                                     " is not implemented");
  }
}

Result<InvocationCounter> hls_verify(const HlsContext& c, Cipher* cipher, ByteView proof) {
  InvocationCounter counter;
  if (c.mechanism == Mechanism::kHighEcdsa) {
    AMITY_CHECK(ecdsa_verify(c.suite, c.verifying_key, signed_message(c), proof));
    return counter;
  }
  if (c.mechanism == Mechanism::kHighGmac) {
    ByteReader in(proof);
    AMITY_CHECK(in.skip(1));
    AMITY_TRY(counter.value, in.u32());
  }
  AMITY_TRY(const Bytes expected, hls_proof(c, cipher, counter));
  if (!constant_time_equal(expected, proof)) {
    return make_error(ErrorCode::kSecurity, "the peer's proof of identity is wrong");
  }
  return counter;
}

Status check_challenge(ByteView challenge) {
  if (challenge.size() < kChallengeSizeMin || challenge.size() > kChallengeSizeMax) {
    return make_error(ErrorCode::kSecurity,
                      "a challenge has 8 to 64 bytes, not " + std::to_string(challenge.size()));
  }
  return {};
}

Status check_challenges_differ(ByteView own, ByteView peers) {
  if (constant_time_equal(own, peers)) {
    return make_error(ErrorCode::kSecurity, "the peer sent our own challenge back");
  }
  return {};
}

}  // namespace amity::dlms
