// Association control, as above for each of its four APDUs, whatever the first byte.
#include "wire/dlms/acse.h"

namespace {

using namespace amity;

template <class T>
void check(Result<T> (*decode)(ByteView), ByteView input) {
  const Result<T> apdu = decode(input);
  if (!apdu.ok()) {
    AMITY_ASSERT(apdu.error().offset <= input.size());
    return;
  }
  Bytes first, second;
  encode(*apdu, first);
  const Result<T> again = decode(first);
  AMITY_ASSERT(again.ok());
  encode(*again, second);
  AMITY_ASSERT(first == second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input(data, data + size);
  if (input.empty()) return 0;
  switch (input[0] % 4) {
    case 0:
      input[0] = 0x60;
      check(dlms::decode_aarq, input);
      break;
    case 1:
      input[0] = 0x61;
      check(dlms::decode_aare, input);
      break;
    case 2:
      input[0] = 0x62;
      check(dlms::decode_rlrq, input);
      break;
    default:
      input[0] = 0x63;
      check(dlms::decode_rlre, input);
      break;
  }
  return 0;
}
