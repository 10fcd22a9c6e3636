// A block: the readings of one channel on one UTC day as bytes. docs/formats/block.md describes it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/ids.h"

namespace amity::store {

struct BlockReading {
  std::uint32_t offset_s = 0;  // since the day's start: 1 .. 86,400, as a day is (00:00, 24:00]
  std::uint16_t quality = 0;
  std::int64_t value = 0;

  friend bool operator==(const BlockReading&, const BlockReading&) = default;
};

struct Block {
  std::vector<BlockReading> readings;  // ascending, one per time
  std::vector<BlockReading> older;     // replaced raw versions: ascending by time, of one time oldest first

  void clear() { readings.clear(), older.clear(); }
  friend bool operator==(const Block&, const Block&) = default;
};

// What the block is of. It is not stored but covered by the checksum, so that a misplaced block is noticed.
struct BlockKey {
  ChannelId channel;
  UtcDay day;
};

// Appends. `block` has at least one reading and keeps the rules above.
void encode_block(const BlockKey& key, const Block& block, Bytes& out);
// The whole of `bytes` is one block; `block` is overwritten. kCorrupt when it is not what was written.
Status decode_block(const BlockKey& key, ByteView bytes, Block& block);

}  // namespace amity::store
