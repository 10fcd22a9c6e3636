// general-signing (IEC 62056-5-3 clause 9.2.7.2.4.5): an APDU signed by who made it. The signature
// is over the encoded fields from the transaction id to the content, lengths included, tag and
// signature not. No public vector of a signed APDU is known; both ends here agree with each other
// and with OpenSSL's own tool of signing.
#pragma once

#include "wire/dlms/ciphered.h"
#include "wire/dlms/security.h"

namespace amity::dlms {

// Appends the APDU with its signature; `apdu.signature` and `apdu.signed_part` are not looked at.
Status sign_apdu(const GeneralSigning& apdu, SecuritySuite suite, ByteView private_key, Bytes& out);
// Of an APDU as it was decoded.
Status verify_apdu(const GeneralSigning& apdu, SecuritySuite suite, ByteView public_key);

}  // namespace amity::dlms
