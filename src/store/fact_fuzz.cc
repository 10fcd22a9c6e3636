// Any bytes as a fact, and as a journal record whose checksum is corrected first: decoding ends, within limits; what
// decodes and is encoded again decodes to the same bytes.
#include <cstdlib>

#include "store/crc32c.h"
#include "store/fact_codec.h"

namespace {

using namespace amity;
using namespace amity::store;

void one_fact(ByteView body) {
  std::vector<Reading> readings;
  const auto arrived = decode_readings(body, readings);
  const auto fact = decode_fact(body);
  if (!fact.ok()) return;
  Bytes first, second;
  if (!encode_fact(*fact, first).ok()) return;
  const auto again = decode_fact(first);
  if (!again.ok() || !encode_fact(*again, second).ok() || first != second) std::abort();
  const auto* of_fact = std::get_if<ReadingsArrived>(&*fact);
  if ((of_fact != nullptr) != (arrived.ok() && *arrived)) std::abort();
  if (of_fact != nullptr && of_fact->readings != readings) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  one_fact({data, size});
  Bytes bytes(data, data + size);
  ByteWriter(bytes).u32_le(crc32c(bytes));
  const auto record = decode_record(bytes);
  if (!record.ok()) return 0;
  (void)each_body(*record, [](std::uint64_t, ByteView body) -> Result<bool> {
    one_fact(body);
    return true;
  });
  return 0;
}
