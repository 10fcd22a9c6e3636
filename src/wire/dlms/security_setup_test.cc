// Certificates and requests are made here with OpenSSL's own X.509 functions: no public one of a
// DLMS PKI is at hand.
#include "wire/dlms/security_setup.h"

#include <openssl/x509.h>

#include "wire/dlms/ec_key.h"
#include "wire/dlms/ecdsa.h"
#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

struct Key {
  EVP_PKEY* pkey;
  Bytes raw;

  explicit Key(const char* group) : pkey(EVP_EC_gen(group)) {
    Bytes point(97 + 1);
    std::size_t size = 0;
    EVP_PKEY_get_octet_string_param(pkey, "pub", point.data(), point.size(), &size);
    raw.assign(point.begin() + 1, point.begin() + static_cast<std::ptrdiff_t>(size));
  }
  ~Key() { EVP_PKEY_free(pkey); }
};

void name(X509_NAME* subject) {
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("4D4D4D0000BC614E"), -1, -1, 0);
}

template <class T>
Bytes der_of(const T* value, int (*write)(const T*, unsigned char**)) {
  unsigned char* der = nullptr;
  const int size = write(value, &der);
  const Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

Bytes certificate(const Key& subject, const Key& issuer) {
  X509* x = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
  X509_gmtime_adj(X509_getm_notBefore(x), 0);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  name(X509_get_subject_name(x));
  name(X509_get_issuer_name(x));
  X509_set_pubkey(x, subject.pkey);
  X509_sign(x, issuer.pkey, EVP_sha256());
  const Bytes out = der_of(x, i2d_X509);
  X509_free(x);
  return out;
}

Bytes request(const Key& subject, const Key& signer) {
  X509_REQ* x = X509_REQ_new();
  name(X509_REQ_get_subject_name(x));
  X509_REQ_set_pubkey(x, subject.pkey);
  X509_REQ_sign(x, signer.pkey, EVP_sha256());
  const Bytes out = der_of(x, i2d_X509_REQ);
  X509_REQ_free(x);
  return out;
}

TEST(SecuritySetup, ParametersOfTheMethods) {
  EXPECT_EQ(to_hex(encode_keys({{KeyId::kGlobalUnicast, {0xAA}}, {KeyId::kMaster, {0xBB, 0xCC}}})),
            "0102"
            "02021600"
            "0901AA"
            "02021603"
            "0902BBCC");
  EXPECT_EQ(to_hex(encode_use(KeyPairUse::kAgreement)), "1601");
  EXPECT_EQ(to_hex(encode_certificate("3000"_hex)), "09023000");
  EXPECT_EQ(to_hex(encode_by_entity(CertificateEntity::kServer, CertificateType::kAgreement,
                                    "4D4D4D0000BC614E"_hex)),
            "02021600"
            "020316001601"
            "09084D4D4D0000BC614E");
  EXPECT_EQ(to_hex(encode_by_serial("07"_hex, "4341"_hex)),
            "02021601"
            "0202"
            "090107"
            "09024341");
}

TEST(SecuritySetup, AnswersOfTheMethods) {
  const auto keys = decode_keys("010102021602090101"_hex);
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ((*keys)[0].id, KeyId::kAuthentication);
  EXPECT_EQ(to_hex((*keys)[0].data), "01");
  for (const char* wrong :
       {"0100", "1101", "010102021604090101", "0101020216021101", "010502021600090101"}) {
    const auto bytes = from_hex(wrong);
    if (bytes.ok()) {
      EXPECT_FALSE(decode_keys(*bytes).ok()) << wrong;
    }
  }
  EXPECT_EQ(to_hex(*decode_certificate("09023000"_hex)), "3000");
  EXPECT_FALSE(decode_certificate("1105"_hex).ok());
}

TEST(SecuritySetup, TheKeyOfACertificate) {
  for (const auto& [suite, group, other] :
       {std::tuple(SecuritySuite::k1, "P-256", "P-384"), {SecuritySuite::k2, "P-384", "P-256"}}) {
    const Key authority(group), meter(group), stranger(group), another(other);
    const Bytes der = certificate(meter, authority);
    EXPECT_EQ(*certified_key(suite, der, authority.raw), meter.raw);
    EXPECT_EQ(certified_key(suite, der, stranger.raw).error().code, ErrorCode::kSecurity);
    EXPECT_FALSE(certified_key(suite, certificate(another, authority), authority.raw).ok());
    EXPECT_FALSE(certified_key(suite, ByteView(der).first(der.size() - 1), authority.raw).ok());
    EXPECT_FALSE(certified_key(suite, {}, authority.raw).ok());
    EXPECT_EQ(*requested_key(suite, request(meter, meter)), meter.raw);
    EXPECT_EQ(requested_key(suite, request(meter, stranger)).error().code, ErrorCode::kSecurity);
    EXPECT_FALSE(requested_key(suite, der).ok());
  }
}

}  // namespace
}  // namespace amity::dlms
