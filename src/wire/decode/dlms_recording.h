// DLMS/COSEM messages of a recording as JSON: transports, segments, blocks, protection, contents.
#pragma once

#include "wire/decode/decode.h"

namespace amity::decode {

// In order; what cannot be read is an error with its offset, and the rest goes on.
std::vector<DecodedFrame> decode_dlms(ByteView recording, const DecodeOptions& options);

}  // namespace amity::decode
