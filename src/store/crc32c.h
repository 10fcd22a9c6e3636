// CRC-32C (Castagnoli, RFC 3720 appendix B.4), as in the records and blocks on disk.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace amity::store {

std::uint32_t crc32c(ByteView bytes);

}  // namespace amity::store
