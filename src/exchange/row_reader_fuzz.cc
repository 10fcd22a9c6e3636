// Any octets as rows, CSV by the first one, else JSON Lines.
#include "exchange/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using amity::exchange::FileFormat;
  const bool json = size > 0 && data[0] == '{';
  return amity::exchange::fuzz_reader(json ? FileFormat::kJsonLines : FileFormat::kCsv, data, size);
}
