// Any bytes as a block: decoding ends, within limits; what decodes and is encoded again decodes to the same. The
// checksum is corrected first, or nothing would get past it.
#include "store/block.h"

#include <cstdlib>

#include "store/crc32c.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  using namespace amity::store;
  static const BlockKey key{ChannelId(1), UtcDay(0)};
  Block block;
  (void)decode_block(key, {data, size}, block);

  Bytes bytes(data, data + size);
  std::uint8_t last[12] = {};
  const std::uint32_t inner = crc32c(bytes);
  for (int i = 0; i < 4; ++i) last[i] = static_cast<std::uint8_t>(inner >> (8 * i));
  last[4] = 1;  // the channel; the day is zero
  ByteWriter(bytes).u32_le(crc32c(last));
  if (!decode_block(key, bytes, block).ok() || block.readings.empty()) return 0;
  Bytes again;
  encode_block(key, block, again);
  Block back;
  if (!decode_block(key, again, back).ok() || !(back == block)) std::abort();
  return 0;
}
