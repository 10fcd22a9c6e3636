// Any bytes: a statement, or an error. The checksum is made right, so that what is behind it is
// reached; what is read comes back the same.
#include "base/assert.h"
#include "base/crypto.h"
#include "mdm/rate/statement_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  const ByteView given(data, size);
  (void)mdm::decode_statement(given);
  Bytes sealed(given.begin(), given.end());
  const auto digest = crypto::sha256(given);
  sealed.insert(sealed.end(), digest.begin(), digest.begin() + 8);
  const auto body = mdm::decode_statement(sealed);
  if (!body.ok()) return 0;
  const auto again = mdm::decode_statement(mdm::encode_statement(*body));
  AMITY_ASSERT(again.ok() && *again == *body);
  return 0;
}
