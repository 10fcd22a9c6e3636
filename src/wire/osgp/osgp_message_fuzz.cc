// Requests and responses of any bytes: what parses is encoded again to a message that parses to the
// same; a report never shows what a wrong digest covers.
#include "wire/osgp/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  using namespace amity::osgp;
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], input.size());
  const Bytes key(16, 0x01);
  for (const ByteView with : {ByteView(), ByteView(key)}) {
    c12::MeterTables meter;
    wire::Report report;
    (void)decode_exchange(input.first(cut), input.subspan(cut), with, meter, report);
    AMITY_ASSERT(report.security.ok || report.readings.empty());
  }
  if (const auto request = parse_request(input); request.ok()) {
    OmaDigest digest = *OmaDigest::make(key);
    Bytes again;
    encode(request->request, digest, again);
    const auto second = parse_request(again);
    AMITY_ASSERT(second.ok() && second->request.sequence == request->request.sequence);
    OmaDigest fresh = *OmaDigest::make(key);
    AMITY_ASSERT(verify(fresh, second->digested, second->digest).ok());
  }
  (void)parse_response(input);
  return 0;
}
