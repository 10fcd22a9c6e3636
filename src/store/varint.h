// The integers of this room's records: base/varint.h.
#pragma once

#include "base/varint.h"

namespace amity::store {

using amity::get_varint;
using amity::get_zigzag;
using amity::kVarintBytesMax;
using amity::put_varint;
using amity::put_zigzag;
using amity::read_varint;
using amity::unzigzag;
using amity::wrapping_add;
using amity::wrapping_sub;
using amity::write_varint;
using amity::zigzag;

}  // namespace amity::store
