// The secrets of a meter as it left the factory: a key each, derived from the town's seed. For simulated meters only.
#pragma once

#include <cstdint>

#include "wire/dlms/security.h"

namespace amity::world {

struct MeterKeys {
  dlms::SystemTitle title{};
  Bytes encryption;      // EK, 16 bytes
  Bytes authentication;  // AK, 16 bytes
  Bytes master;          // KEK, 16 bytes
};

// Of any simulated device, 16 bytes: HMAC-SHA256(seed, purpose || number), first half.
Bytes device_key(std::uint64_t seed, std::string_view purpose, std::uint32_t number);
// Title: the maker's three letters, 0x20, number of the meter. Keys: device_key() each.
MeterKeys meter_keys(std::uint64_t seed, std::string_view flag, std::uint32_t meter);
dlms::SystemTitle meter_title(std::string_view flag, std::uint32_t meter);
// The head-end's own title towards simulated meters: "AMH", then the seed.
dlms::SystemTitle headend_title(std::uint64_t seed);

}  // namespace amity::world
