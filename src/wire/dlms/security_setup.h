// Security setup (class 64, version 1, IEC 62056-6-2): parameters of its methods, and what their
// answers and certificates say. Certificates are X.509 in DER; whether an issuer is trusted is the
// caller's to say, by the key it verifies with.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "wire/dlms/security.h"

namespace amity::dlms {

enum class SecuritySetupMethod : std::int8_t {
  kActivate = 1,
  kKeyTransfer = 2,
  kKeyAgreement = 3,
  kGenerateKeyPair = 4,
  kGenerateCertificateRequest = 5,
  kImportCertificate = 6,
  kExportCertificate = 7,
  kRemoveCertificate = 8,
};

enum class KeyId : std::uint8_t {
  kGlobalUnicast = 0,
  kGlobalBroadcast = 1,
  kAuthentication = 2,
  kMaster = 3,
};

enum class KeyPairUse : std::uint8_t { kSignature = 0, kAgreement = 1, kTls = 2 };
enum class CertificateEntity : std::uint8_t {
  kServer = 0,
  kClient = 1,
  kAuthority = 2,
  kOther = 3
};
enum class CertificateType : std::uint8_t { kSignature = 0, kAgreement = 1, kTls = 2, kOther = 3 };

// key_transfer: the key wrapped; key_agreement: an ephemeral offer (key_agreement.h), both ways.
struct KeyData {
  KeyId id = KeyId::kGlobalUnicast;
  Bytes data;
};
Bytes encode_keys(const std::vector<KeyData>& keys);
Result<std::vector<KeyData>> decode_keys(ByteView encoded);

Bytes encode_use(KeyPairUse use);        // generate_key_pair, generate_certificate_request
Bytes encode_certificate(ByteView der);  // import_certificate
Result<Bytes> decode_certificate(ByteView encoded);  // answer of request and export

// export_certificate, remove_certificate.
Bytes encode_by_entity(CertificateEntity entity, CertificateType type, ByteView system_title);
Bytes encode_by_serial(ByteView serial_number, ByteView issuer);

// The raw public key (x || y) in a certificate, once its signature by `issuer_key` (raw) is right.
// Neither validity period nor revocation is looked at: time is not this room's.
Result<Bytes> certified_key(SecuritySuite suite, ByteView certificate, ByteView issuer_key);
// The same of a certificate request (PKCS #10), which its own key signs.
Result<Bytes> requested_key(SecuritySuite suite, ByteView request);

}  // namespace amity::dlms
