// GeneralBlockTransfer: pieces of any APDU, both directions, streamed in windows. encode() appends
// the APDU.
#pragma once

#include <cstdint>

#include "wire/dlms/types.h"

namespace amity::dlms {

struct GeneralBlockTransfer {
  bool last_block = false;
  bool streaming = false;          // more blocks follow before an acknowledgement is expected
  std::uint8_t window = 0;         // 0..63, blocks the sender can receive
  std::uint16_t block_number = 0;  // from 1
  std::uint16_t acknowledged = 0;  // highest block received in order
  ByteView data;
};

void encode(const GeneralBlockTransfer& apdu, Bytes& out);

}  // namespace amity::dlms
