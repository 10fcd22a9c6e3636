// Any bytes as a capture: no crash, and no more payload than there are bytes.
#include "base/assert.h"
#include "wire/pcap/capture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  const auto capture = pcap::read_capture(ByteView(data, size));
  if (!capture.ok()) return 0;
  std::size_t bytes = 0;
  for (const pcap::Payload& payload : capture->payloads) {
    bytes += payload.bytes.size();
    AMITY_ASSERT(payload.offset < size);
  }
  AMITY_ASSERT(bytes <= size);
  return 0;
}
