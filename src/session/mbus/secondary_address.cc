#include "session/mbus/secondary_address.h"

namespace amity::mbus {

bool selects(const Address& mask, const Address& meter) {
  for (int shift = 0; shift < 32; shift += 4) {
    const std::uint32_t digit = mask.id >> shift & 0xF;
    if (digit != 0xF && digit != (meter.id >> shift & 0xF)) return false;
  }
  return (mask.manufacturer == 0xFFFF || mask.manufacturer == meter.manufacturer) &&
         (mask.version == 0xFF || mask.version == meter.version) &&
         (mask.type == 0xFF || mask.type == meter.type);
}

int first_wildcard(std::uint32_t id) {
  for (int nibble = 7; nibble >= 0; --nibble) {
    if ((id >> 4 * nibble & 0xF) == 0xF) return nibble;
  }
  return -1;
}

std::uint32_t with_digit(std::uint32_t id, int nibble, unsigned digit) {
  const int shift = 4 * nibble;
  return (id & ~(std::uint32_t{0xF} << shift)) | static_cast<std::uint32_t>(digit) << shift;
}

Bytes select_user_data(const Address& mask) {
  Bytes data = {kCiSelect};
  append_transport_address(mask, data);
  return data;
}

}  // namespace amity::mbus
