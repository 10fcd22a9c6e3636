#include "wire/dlms/security_setup.h"

#include <openssl/core_names.h>
#include <openssl/x509.h>

#include "wire/dlms/data_value.h"
#include "wire/dlms/ec_key.h"

namespace amity::dlms {
namespace {

constexpr std::size_t kKeysMax = 4;
constexpr std::size_t kDerBytesMax = 64 * 1024;

struct FreeX509 {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_REQ* p) const { X509_REQ_free(p); }
};

Error malformed(const char* what) {
  return make_error(ErrorCode::kMalformed, what);
}

Result<Bytes> raw_key(SecuritySuite suite, EVP_PKEY* key) {
  AMITY_TRY(const Curve curve, curve_of(suite));
  char group[32] = {};
  Bytes point(2 * curve.size + 1);
  std::size_t size = 0;
  if (key == nullptr ||
      EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                     nullptr) != 1 ||
      OBJ_sn2nid(group) != curve.nid ||
      EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(),
                                      &size) != 1 ||
      size != point.size() || point[0] != 0x04) {
    return malformed("the certificate holds no key of the suite's curve");
  }
  point.erase(point.begin());
  return point;
}

template <class T>
Result<std::unique_ptr<T, FreeX509>> read_der(ByteView der,
                                              T* (*read)(T**, const unsigned char**, long)) {
  if (der.size() > kDerBytesMax) return make_error(ErrorCode::kLimit, "a certificate of that size");
  const unsigned char* at = der.data();
  std::unique_ptr<T, FreeX509> read_value(
      der.empty() ? nullptr : read(nullptr, &at, static_cast<long>(der.size())));
  if (read_value == nullptr || at != der.data() + der.size())
    return malformed("not one X.509 certificate in DER");
  return read_value;
}

}  // namespace

Bytes encode_keys(const std::vector<KeyData>& keys) {
  Bytes out;
  DataWriter writer(out);
  writer.array(keys.size());
  for (const KeyData& key : keys) {
    writer.structure(2);
    writer.enumeration(static_cast<std::uint8_t>(key.id));
    writer.octet_string(key.data);
  }
  return out;
}

Result<std::vector<KeyData>> decode_keys(ByteView encoded) {
  DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  const DataView root = tree.root();
  if (root.type() != DataType::kArray || root.size() == 0 || root.size() > kKeysMax)
    return malformed("no array of one to four keys");
  std::vector<KeyData> keys;
  for (const DataView item : root) {
    AMITY_TRY(const DataView id, item.at(0));
    AMITY_TRY(const DataView data, item.at(1));
    AMITY_TRY(const std::uint64_t number, id.as_uint());
    AMITY_TRY(const ByteView bytes, data.as_bytes());
    if (number > static_cast<std::uint64_t>(KeyId::kMaster)) return malformed("an unknown key id");
    keys.push_back({static_cast<KeyId>(number), Bytes(bytes.begin(), bytes.end())});
  }
  return keys;
}

Bytes encode_use(KeyPairUse use) {
  Bytes out;
  DataWriter(out).enumeration(static_cast<std::uint8_t>(use));
  return out;
}

Bytes encode_certificate(ByteView der) {
  Bytes out;
  DataWriter(out).octet_string(der);
  return out;
}

Result<Bytes> decode_certificate(ByteView encoded) {
  DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  AMITY_TRY(const ByteView der, tree.root().as_bytes());
  return Bytes(der.begin(), der.end());
}

Bytes encode_by_entity(CertificateEntity entity, CertificateType type, ByteView system_title) {
  Bytes out;
  DataWriter writer(out);
  writer.structure(2);
  writer.enumeration(0);
  writer.structure(3);
  writer.enumeration(static_cast<std::uint8_t>(entity));
  writer.enumeration(static_cast<std::uint8_t>(type));
  writer.octet_string(system_title);
  return out;
}

Bytes encode_by_serial(ByteView serial_number, ByteView issuer) {
  Bytes out;
  DataWriter writer(out);
  writer.structure(2);
  writer.enumeration(1);
  writer.structure(2);
  writer.octet_string(serial_number);
  writer.octet_string(issuer);
  return out;
}

Result<Bytes> certified_key(SecuritySuite suite, ByteView certificate, ByteView issuer_key) {
  AMITY_TRY(const Curve curve, curve_of(suite));
  AMITY_TRY(const OwnedOpenssl<EVP_PKEY> issuer, public_key_from(curve, issuer_key));
  AMITY_TRY(const auto x509, read_der<X509>(certificate, d2i_X509));
  if (X509_verify(x509.get(), issuer.get()) != 1)
    return make_error(ErrorCode::kSecurity, "the certificate is not signed by this issuer");
  return raw_key(suite, X509_get0_pubkey(x509.get()));
}

Result<Bytes> requested_key(SecuritySuite suite, ByteView request) {
  AMITY_TRY(const auto x509, read_der<X509_REQ>(request, d2i_X509_REQ));
  EVP_PKEY* const key = X509_REQ_get0_pubkey(x509.get());
  if (key == nullptr || X509_REQ_verify(x509.get(), key) != 1)
    return make_error(ErrorCode::kSecurity, "the request is not signed by its own key");
  return raw_key(suite, key);
}

}  // namespace amity::dlms
