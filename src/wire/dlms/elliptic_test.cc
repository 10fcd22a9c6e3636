// Signatures and key agreement of suites 1 and 2. Public vectors exist of ECDSA itself (RFC 6979)
// and of the one-pass secret of suite 1 (in security_test.cc); none of HLS 7, general-signing, the
// other schemes, or suite 2. There, what this room makes is checked against a second use of
// OpenSSL: the PEM and d2i route with EVP_PKEY_verify over a digest of our own.
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

#include "wire/dlms/apdu.h"
#include "wire/dlms/ecdsa.h"
#include "wire/dlms/hls.h"
#include "wire/dlms/key_agreement.h"
#include "wire/dlms/signing.h"
#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

const SystemTitle kClient = *system_title_from("4D4D4D0000BC614E"_hex);
const SystemTitle kServer = *system_title_from("4D4D4D0000000001"_hex);
constexpr SecuritySuite kSuites[] = {SecuritySuite::k1, SecuritySuite::k2};

// A scalar that anybody can recompute: the digest of a name.
Bytes scalar(SecuritySuite suite, std::string_view name) {
  if (suite == SecuritySuite::k1) {
    const auto digest = crypto::sha256(as_bytes(name));
    return Bytes(digest.begin(), digest.end());
  }
  const auto digest = crypto::sha384(as_bytes(name));
  return Bytes(digest.begin(), digest.end());
}

struct Party {
  Bytes signing, agreement;
  Bytes signing_public, agreement_public;

  Party(SecuritySuite suite, const std::string& name)
      : signing(scalar(suite, name + " signs")),
        agreement(scalar(suite, name + " agrees")),
        signing_public(*ec_public_key(suite, signing)),
        agreement_public(*ec_public_key(suite, agreement)) {}
  EcKeysView with(const Party& peer) const {
    return {signing, agreement, peer.signing_public, peer.agreement_public};
  }
};

// The second use of OpenSSL: a SubjectPublicKeyInfo read by d2i, a signature over a given digest.
bool second_opinion(SecuritySuite suite, ByteView public_key, ByteView message, ByteView raw) {
  const bool small = suite == SecuritySuite::k1;
  Bytes info = small ? "3059301306072A8648CE3D020106082A8648CE3D030107034200"_hex
                     : "3076301006072A8648CE3D020106052B81040022036200"_hex;
  info.push_back(0x04);
  append(info, public_key);
  const std::uint8_t* at = info.data();
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(info.size()));
  ECDSA_SIG* signature = ECDSA_SIG_new();
  const int half = static_cast<int>(raw.size() / 2);
  ECDSA_SIG_set0(signature, BN_bin2bn(raw.data(), half, nullptr),
                 BN_bin2bn(raw.data() + half, half, nullptr));
  std::uint8_t* der = nullptr;
  const int der_size = i2d_ECDSA_SIG(signature, &der);
  Bytes d;
  if (small) {
    const auto h = crypto::sha256(message);
    d.assign(h.begin(), h.end());
  } else {
    const auto h = crypto::sha384(message);
    d.assign(h.begin(), h.end());
  }
  EVP_PKEY_CTX* ctx = EVP_PKEY_CTX_new(key, nullptr);
  const bool right =
      key != nullptr && EVP_PKEY_verify_init(ctx) == 1 &&
      EVP_PKEY_verify(ctx, der, static_cast<std::size_t>(der_size), d.data(), d.size()) == 1;
  EVP_PKEY_CTX_free(ctx);
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  EVP_PKEY_free(key);
  return right;
}

// RFC 6979 A.2.5 and A.2.6, message "sample": key pairs, and signatures of SHA-256 and SHA-384.
TEST(Ecdsa, PublishedSignaturesVerify) {
  const Bytes small = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"_hex;
  const Bytes small_public = *ec_public_key(SecuritySuite::k1, small);
  EXPECT_EQ(to_hex(small_public),
            "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
            "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
  EXPECT_TRUE(ecdsa_verify(SecuritySuite::k1, small_public, as_bytes("sample"),
                           "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                           "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"_hex)
                  .ok());
  const Bytes large =
      "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8"
      "96D5724E4C70A825F872C9EA60D2EDF5"_hex;
  const Bytes large_public = *ec_public_key(SecuritySuite::k2, large);
  EXPECT_EQ(to_hex(large_public),
            "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
            "DEF8F0EA9055866064A254515480BC13"
            "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1"
            "288B231C3AE0D4FE7344FD2533264720");
  EXPECT_TRUE(ecdsa_verify(SecuritySuite::k2, large_public, as_bytes("sample"),
                           "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
                           "81A648152E44ACF96E36DD1E80FABE46"
                           "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F"
                           "A329C145786E679E7B82C71A38628AC8"_hex)
                  .ok());
}

TEST(Ecdsa, SignsWhatOthersVerifyAndNothingElse) {
  for (const SecuritySuite suite : kSuites) {
    const Party party(suite, "a meter");
    const Bytes message = "0102030405"_hex;
    const Bytes signature = *ecdsa_sign(suite, party.signing, message);
    EXPECT_EQ(signature.size(), signature_size(suite));
    EXPECT_TRUE(ecdsa_verify(suite, party.signing_public, message, signature).ok());
    EXPECT_TRUE(second_opinion(suite, party.signing_public, message, signature));
    for (std::size_t at = 0; at < signature.size(); ++at) {
      Bytes forged = signature;
      forged[at] ^= 1;
      EXPECT_EQ(ecdsa_verify(suite, party.signing_public, message, forged).error().code,
                ErrorCode::kSecurity);
    }
    EXPECT_FALSE(ecdsa_verify(suite, party.signing_public, "0102030406"_hex, signature).ok());
    EXPECT_FALSE(ecdsa_verify(suite, party.agreement_public, message, signature).ok());
    EXPECT_FALSE(
        ecdsa_verify(suite, party.signing_public, message, Bytes(signature_size(suite), 0)).ok());
    EXPECT_FALSE(ecdsa_verify(suite, party.signing_public, message, {}).ok());
  }
  EXPECT_FALSE(ecdsa_sign(SecuritySuite::k0, Bytes(32, 1), {}).ok());
  EXPECT_FALSE(ec_public_key(SecuritySuite::k1, Bytes(32, 0)).ok());
  EXPECT_FALSE(ec_public_key(SecuritySuite::k1, Bytes(32, 0xFF)).ok());
  EXPECT_FALSE(ec_public_key(SecuritySuite::k2, Bytes(32, 1)).ok());
}

// f(StoC) = signature of title-C || title-S || StoC || CtoS by the client.
TEST(Hls, EcdsaSignsTitlesAndChallenges) {
  for (const SecuritySuite suite : kSuites) {
    const Party client(suite, "client");
    const Bytes stoc = "503677524A323146"_hex, ctos = "4B35366956616759"_hex;
    HlsContext c{Mechanism::kHighEcdsa, kClient, kServer, ctos, stoc, {}, suite, client.signing,
                 client.signing_public};
    const Bytes proof = *hls_proof(c, nullptr, {});
    EXPECT_TRUE(hls_verify(c, nullptr, proof).ok());
    Bytes message(kClient.begin(), kClient.end());
    append(message, kServer);
    append(message, stoc);
    append(message, ctos);
    EXPECT_TRUE(second_opinion(suite, client.signing_public, message, proof));
    std::swap(c.prover_challenge, c.verifier_challenge);  // the other side's proof is another
    EXPECT_EQ(hls_verify(c, nullptr, proof).error().code, ErrorCode::kSecurity);
  }
}

TEST(Signing, AnApduWithItsSignature) {
  for (const SecuritySuite suite : kSuites) {
    const Party client(suite, "client"), server(suite, "server");
    const Bytes transaction = "0000000000000007"_hex, content = "C001C100080000010000FF0200"_hex;
    GeneralSigning apdu;
    apdu.transaction_id = transaction;
    apdu.originator_system_title = kClient;
    apdu.recipient_system_title = kServer;
    apdu.content = content;
    Bytes wire;
    ASSERT_TRUE(sign_apdu(apdu, suite, client.signing, wire).ok());
    EXPECT_EQ(to_hex(wire).substr(0, 88),
              "DF080000000000000007084D4D4D0000BC614E084D4D4D000000000100000DC001C100080000010000FF"
              "0200");
    const Apdu decoded = *decode_apdu(wire);
    const auto& got = std::get<GeneralSigning>(decoded);
    EXPECT_TRUE(verify_apdu(got, suite, client.signing_public).ok());
    EXPECT_FALSE(verify_apdu(got, suite, server.signing_public).ok());
    EXPECT_TRUE(second_opinion(suite, client.signing_public, got.signed_part, got.signature));
    for (std::size_t at = 1; at < wire.size(); ++at) {
      Bytes changed = wire;
      changed[at] ^= 0x01;
      const auto again = decode_apdu(changed);
      if (again.ok()) {
        EXPECT_FALSE(
            verify_apdu(std::get<GeneralSigning>(*again), suite, client.signing_public).ok())
            << at;
      }
    }
  }
}

TEST(KeyAgreement, EphemeralUnified) {
  for (const SecuritySuite suite : kSuites) {
    const Party client(suite, "client"), server(suite, "server");
    const Bytes ours = scalar(suite, "once"), theirs = scalar(suite, "twice");
    const std::uint8_t key_id = 2;
    const Bytes offer = *offer_ephemeral(suite, client.with(server), key_id, ours);
    const Bytes answer = *offer_ephemeral(suite, server.with(client), key_id, theirs);
    EXPECT_EQ(offer.size(), 2 * signature_size(suite));
    const auto a =
        agree_ephemeral(suite, client.with(server), key_id, ours, answer, kClient, kServer);
    const auto b =
        agree_ephemeral(suite, server.with(client), key_id, theirs, offer, kClient, kServer);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(*a, *b);
    EXPECT_EQ(a->size(), key_size(suite));
    EXPECT_FALSE(agree_ephemeral(suite, client.with(server), 0, ours, answer, kClient, kServer)
                     .ok());  // offered for another key
    EXPECT_FALSE(agree_ephemeral(suite, client.with(server), key_id, ours, offer, kClient, kServer)
                     .ok());  // our own offer sent back
  }
}

TEST(KeyAgreement, OnePassAndStatic) {
  const Bytes transaction = "0123456789012345"_hex;
  for (const SecuritySuite suite : kSuites) {
    const Party client(suite, "client"), server(suite, "server"), other(suite, "stranger");
    for (const auto scheme : {AgreementScheme::kOnePass, AgreementScheme::kStatic}) {
      const Bytes ephemeral = scalar(suite, "once");
      const AgreedKey agreed = *agree_as_originator(scheme, suite, client.with(server), kClient,
                                                    kServer, transaction, ephemeral);
      const Bytes parameters = {static_cast<std::uint8_t>(scheme)};
      GeneralCiphering apdu;
      apdu.transaction_id = transaction;
      apdu.key_info = KeyInfo{KeyInfo::Kind::kAgreed, 0, parameters, agreed.ciphered_data};
      EXPECT_EQ(*agree_as_recipient(suite, server.with(client), apdu, kClient, kServer),
                agreed.key);
      const auto stranger = agree_as_recipient(suite, other.with(client), apdu, kClient, kServer);
      EXPECT_TRUE(!stranger.ok() || *stranger != agreed.key);
      EXPECT_EQ(agreed.ciphered_data.empty(), scheme == AgreementScheme::kStatic);
    }
  }
}

// protocols.md 8: Z of the one-pass scheme, here through the whole of it.
TEST(KeyAgreement, OnePassOfTheVector) {
  const Bytes ephemeral = "47DAB03842E5B6E74828EF4F449B378D7DD1A5DAE1FFCA5AE0B0BE0AD18EC57E"_hex;
  const Bytes server = "AAD3FD0732E991CF52A74C66C1F2827DDC53522A2E0A169D7C4FFCC0FB5D6A4D"_hex;
  const Bytes server_public = *ec_public_key(SecuritySuite::k1, server);
  EXPECT_EQ(to_hex(server_public),
            "A653565B0E06070BAE9FBE140A5D2156812AEE2DD525053E3EFC850BF13BFDFF"
            "CB240BC7B77BFF5883344E7275908D2287BEFA3725017295A096989D2338290B");
  const Party client(SecuritySuite::k1, "client");
  EcKeysView keys;
  keys.own_signing = client.signing;
  keys.peer_agreement = server_public;
  EXPECT_EQ(to_hex(agree_as_originator(AgreementScheme::kOnePass, SecuritySuite::k1, keys, kClient,
                                       kServer, {}, ephemeral)
                       ->key),
            "59A71FD81C929A86A99438DA17A66C05");
}

}  // namespace
}  // namespace amity::dlms
