// Any octets as a file of this format; also within a zip.
#include "exchange/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return amity::exchange::fuzz_reader(amity::exchange::FileFormat::kCmep, data, size);
}
