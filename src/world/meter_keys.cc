#include "world/meter_keys.h"

#include <algorithm>

#include "base/crypto.h"

namespace amity::world {

Bytes device_key(std::uint64_t seed, std::string_view purpose, std::uint32_t meter) {
  Bytes key, message;
  ByteWriter key_writer(key), writer(message);
  key_writer.text("amity simulated town");
  key_writer.u64(seed);
  writer.text(purpose);
  writer.u32(meter);
  const auto digest = crypto::hmac_sha256(key, message);
  return Bytes(digest.begin(), digest.begin() + 16);
}

dlms::SystemTitle meter_title(std::string_view flag, std::uint32_t meter) {
  AMITY_ASSERT(flag.size() == 3);
  dlms::SystemTitle title{};
  std::ranges::copy(as_bytes(flag), title.begin());
  title[3] = 0x20;
  for (int i = 0; i < 4; ++i) title[4 + i] = static_cast<std::uint8_t>((meter + 1) >> (24 - 8 * i));
  return title;
}

dlms::SystemTitle headend_title(std::uint64_t seed) {
  dlms::SystemTitle title{'A', 'M', 'H'};
  for (int i = 0; i < 5; ++i) title[3 + i] = static_cast<std::uint8_t>(seed >> (32 - 8 * i));
  return title;
}

MeterKeys meter_keys(std::uint64_t seed, std::string_view flag, std::uint32_t meter) {
  return {meter_title(flag, meter), device_key(seed, "EK", meter), device_key(seed, "AK", meter),
          device_key(seed, "KEK", meter)};
}

}  // namespace amity::world
