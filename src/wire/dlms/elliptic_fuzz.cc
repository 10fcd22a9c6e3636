// Signed and agreed APDUs of any shape: whatever verifies or opens would be a forgery.
#include "wire/dlms/apdu.h"
#include "wire/dlms/ecdsa.h"
#include "wire/dlms/key_agreement.h"
#include "wire/dlms/signing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  if (size < 1) return 0;
  const auto suite = data[0] & 1 ? dlms::SecuritySuite::k2 : dlms::SecuritySuite::k1;
  static const Bytes small(32, 0x11), large(48, 0x11);
  static const Bytes small_public = *dlms::ec_public_key(dlms::SecuritySuite::k1, small);
  static const Bytes large_public = *dlms::ec_public_key(dlms::SecuritySuite::k2, large);
  const Bytes& own = data[0] & 1 ? large : small;
  const Bytes& peer = data[0] & 1 ? large_public : small_public;
  const dlms::EcKeysView keys{own, own, peer, peer};
  const dlms::SystemTitle title{1, 2, 3, 4, 5, 6, 7, 8};
  const ByteView input(data + 1, size - 1);
  AMITY_ASSERT(!dlms::agree_ephemeral(suite, keys, 0, own, input, title, title).ok());
  (void)dlms::ec_public_key(suite, input);
  const auto apdu = dlms::decode_apdu(input);
  if (!apdu.ok()) return 0;
  if (const auto* v = std::get_if<dlms::GeneralSigning>(&*apdu))
    AMITY_ASSERT(!dlms::verify_apdu(*v, suite, peer).ok());
  if (const auto* v = std::get_if<dlms::GeneralCiphering>(&*apdu)) {
    const auto key = dlms::agree_as_recipient(suite, keys, *v, title, title);
    // Static agreement always gives a key; one-pass needs a signature that nobody made.
    AMITY_ASSERT(!key.ok() || v->key_info->parameters[0] == 2);
  }
  return 0;
}
