// Protected content: nothing forged is ever opened, nothing is released on failure, and proofs of
// any shape are refused.
#include "wire/dlms/hls.h"
#include "wire/dlms/security.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  static const Bytes key(16, 0x11), authentication_key(16, 0x22);
  static dlms::Cipher cipher = std::move(dlms::Cipher::make(key, authentication_key)).value();
  const dlms::SystemTitle title{1, 2, 3, 4, 5, 6, 7, 8};
  const ByteView input(data, size);
  const auto header = dlms::parse_security_header(input);
  Bytes plain;
  if (header.ok()) {
    const Status opened = cipher.unprotect(*header, title, plain);
    AMITY_ASSERT(opened.ok() || plain.empty());
    if (opened.ok() && header->control.suite_id() == 0) {
      // Whatever opens, seals to the same bytes: a forgery would have to be a right tag.
      Bytes sealed;
      AMITY_ASSERT(cipher.protect(header->control, title, header->counter, plain, sealed).ok());
      AMITY_ASSERT(sealed == Bytes(data, data + size));
    }
  }
  dlms::HlsContext context;
  context.verifier_challenge = ByteView(authentication_key).first(8);
  (void)dlms::hls_verify(context, &cipher, input);
  return 0;
}
