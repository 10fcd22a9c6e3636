// The stream splitter gives the same frames whatever the chunks, and never holds more than a frame
// and what was fed.
#include <algorithm>

#include "wire/dlms/wrapper.h"

namespace {

using namespace amity;

Bytes split(ByteView stream, std::size_t chunk) {
  dlms::WrapperSplitter splitter(1024);
  Bytes frames;
  for (std::size_t at = 0; at < stream.size(); at += chunk) {
    splitter.feed(stream.subspan(at, std::min(chunk, stream.size() - at)));
    for (;;) {
      const auto frame = splitter.next();
      if (!frame.ok()) return frames;
      if (!*frame) break;
      AMITY_ASSERT(encode(**frame, frames).ok());
    }
  }
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  AMITY_ASSERT(split(input, 1 + size) == split(input, 3));
  (void)dlms::decode_wrapper(input);
  ByteReader in(input);
  if (const auto prefix = dlms::read_gateway_prefix(in); prefix.ok()) {
    Bytes again;
    AMITY_ASSERT(encode(*prefix, again).ok());
  }
  return 0;
}
