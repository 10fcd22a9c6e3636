// Every APDU but association control: what decodes, encodes; and what was encoded decodes to the
// same bytes.
#include "wire/dlms/apdu.h"
#include "wire/dlms/selective_access.h"

namespace {

using namespace amity;

struct Encoder {
  Bytes& out;
  template <class T>
  void operator()(const T& apdu) const {
    if constexpr (!std::is_same_v<T, dlms::GeneralSigning>) encode(apdu, out);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto apdu = dlms::decode_apdu(input);
  if (!apdu.ok()) {
    AMITY_ASSERT(apdu.error().offset <= size);
    return 0;
  }
  Bytes first;
  std::visit(Encoder{first}, *apdu);
  if (first.empty()) return 0;
  const auto again = dlms::decode_apdu(first);
  AMITY_ASSERT(again.ok());
  Bytes second;
  std::visit(Encoder{second}, *again);
  AMITY_ASSERT(first == second);
  (void)dlms::decode_range(input);
  (void)dlms::decode_entry(input);
  return 0;
}
