// The integers of this room's records: base/varint.h.
#pragma once

#include "base/varint.h"

namespace amity::store {

using amity::get_varint;
using amity::get_zigzag;
using amity::put_varint;
using amity::put_zigzag;
using amity::unzigzag;
using amity::wrapping_add;
using amity::wrapping_sub;
using amity::zigzag;

}  // namespace amity::store
