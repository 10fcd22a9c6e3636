// The plain form of a device's keys, before sealing (docs/formats/key_ring.md).
#pragma once

#include "headend/key_ring.h"

namespace amity::headend {

Bytes encode_keys(const DeviceKeys& keys);
Result<DeviceKeys> decode_keys(ByteView plain);
// Sizes that fit the suite, a password where the mechanism needs one.
Status check_keys(const DeviceKeys& keys);

}  // namespace amity::headend
