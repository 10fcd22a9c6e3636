#include "wire/dlms/signing.h"

#include "wire/dlms/apdu.h"
#include "wire/dlms/ecdsa.h"

namespace amity::dlms {

Status sign_apdu(const GeneralSigning& apdu, SecuritySuite suite, ByteView private_key,
                 Bytes& out) {
  GeneralSigning whole = apdu;
  const Bytes part = signed_part(apdu);
  AMITY_TRY(const Bytes signature, ecdsa_sign(suite, private_key, part));
  whole.signature = signature;
  encode(whole, out);
  return {};
}

Status verify_apdu(const GeneralSigning& apdu, SecuritySuite suite, ByteView public_key) {
  return ecdsa_verify(suite, public_key, apdu.signed_part, apdu.signature);
}

}  // namespace amity::dlms
