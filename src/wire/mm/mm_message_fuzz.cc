// Any bytes as a message: what parses is encoded again to the same bytes, but for the CMAC; a
// report shows nothing of what a wrong CMAC covers.
#include "wire/mm/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  using namespace amity::mm;
  const ByteView input(data, size);
  const Bytes key(kKeyBytes, 0x42);
  for (const ByteView with : {ByteView(), ByteView(key)}) {
    wire::Report report;
    report.explain = true;
    const Status decoded = mm::decode(input, with, report);
    AMITY_ASSERT(report.security.ok || report.events.empty());
    std::size_t covered = 0;
    for (const wire::Part& part : report.layout) covered += part.size;
    AMITY_ASSERT(!decoded.ok() || !report.explain || covered == size);
  }
  const auto parsed = parse(input);
  if (!parsed.ok()) return 0;
  Bytes again;
  AMITY_ASSERT(encode(parsed->message, key, again).ok());
  AMITY_ASSERT(again.size() == size);
  AMITY_ASSERT(std::equal(parsed->covered.begin(), parsed->covered.end(), again.begin()));
  const auto second = parse(again);
  AMITY_ASSERT(second.ok() && second->message == parsed->message);
  AMITY_ASSERT(!parsed->message.authenticated || verify(*second, key).ok());
  return 0;
}
