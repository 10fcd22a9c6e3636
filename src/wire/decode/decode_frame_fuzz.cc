// Any recording decodes or is refused; each outcome lies inside it.
#include "wire/decode/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  static decode::DecodeOptions options = [] {
    decode::DecodeOptions o;
    o.keys.encryption = {Bytes(16, 0x11)};
    o.keys.authentication = {Bytes(16, 0x22)};
    o.keys.system_title = dlms::SystemTitle{1, 2, 3, 4, 5, 6, 7, 8};
    return o;
  }();
  options.explain = size % 2 == 0;
  for (const auto& frame : decode::decode_stream(ByteView(data, size), options)) {
    AMITY_ASSERT(frame.offset <= size);
    AMITY_ASSERT(!frame.json.ok() || frame.json->front() == '{');
  }
  return 0;
}
