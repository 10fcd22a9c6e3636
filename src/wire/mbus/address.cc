#include "wire/mbus/address.h"

namespace amity::mbus {
namespace {

// EN 13757-7, table 13, and EN 13757-3, annex.
constexpr std::array<std::string_view, 0x40> make_device_types() {
  std::array<std::string_view, 0x40> t{};
  for (auto& name : t) name = "reserved";
  t[0x00] = "other";
  t[0x01] = "oil";
  t[0x02] = "electricity";
  t[0x03] = "gas";
  t[0x04] = "heat";
  t[0x05] = "steam";
  t[0x06] = "warm water";
  t[0x07] = "water";
  t[0x08] = "heat cost allocator";
  t[0x09] = "compressed air";
  t[0x0A] = "cooling";  // measured at the outlet
  t[0x0B] = "cooling at inlet";
  t[0x0C] = "heat at inlet";
  t[0x0D] = "heat and cooling";
  t[0x0E] = "bus or system component";
  t[0x0F] = "unknown";
  t[0x10] = "irrigation water";
  t[0x11] = "water data logger";
  t[0x12] = "gas data logger";
  t[0x13] = "gas converter";
  t[0x14] = "calorific value";
  t[0x15] = "hot water";
  t[0x16] = "cold water";
  t[0x17] = "dual water";
  t[0x18] = "pressure";
  t[0x19] = "A/D converter";
  t[0x1A] = "smoke detector";
  t[0x1B] = "room sensor";
  t[0x1C] = "gas detector";
  t[0x20] = "breaker";
  t[0x21] = "valve";
  t[0x25] = "customer unit";
  t[0x28] = "waste water";
  t[0x29] = "garbage";
  t[0x30] = "service tool";
  t[0x31] = "communication controller";
  t[0x32] = "unidirectional repeater";
  t[0x33] = "bidirectional repeater";
  t[0x36] = "radio converter, system side";
  t[0x37] = "radio converter, meter side";
  t[0x38] = "bus converter, meter side";
  return t;
}
constexpr auto kDeviceTypes = make_device_types();

std::uint16_t u16_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}
std::uint32_t u32_at(ByteView bytes, std::size_t at) {
  return u16_at(bytes, at) | static_cast<std::uint32_t>(u16_at(bytes, at + 2)) << 16;
}

}  // namespace

Address link_address_from(ByteView bytes) {
  AMITY_ASSERT(bytes.size() >= kAddressBytes);
  return {u16_at(bytes, 0), u32_at(bytes, 2), bytes[6], bytes[7]};
}

Address transport_address_from(ByteView bytes) {
  AMITY_ASSERT(bytes.size() >= kAddressBytes);
  return {u16_at(bytes, 4), u32_at(bytes, 0), bytes[6], bytes[7]};
}

void append_link_address(const Address& address, Bytes& out) {
  ByteWriter writer(out);
  writer.u16_le(address.manufacturer);
  writer.u32_le(address.id);
  writer.u8(address.version);
  writer.u8(address.type);
}

void append_transport_address(const Address& address, Bytes& out) {
  ByteWriter writer(out);
  writer.u32_le(address.id);
  writer.u16_le(address.manufacturer);
  writer.u8(address.version);
  writer.u8(address.type);
}

std::string manufacturer_text(std::uint16_t code) {
  std::string text(3, ' ');
  for (int i = 0; i < 3; ++i) {
    const int letter = code >> (10 - 5 * i) & 0x1F;
    if (letter < 1 || letter > 26 || (code & 0x8000) != 0) {
      const std::uint8_t bytes[] = {static_cast<std::uint8_t>(code >> 8),
                                    static_cast<std::uint8_t>(code)};
      return to_hex(bytes);
    }
    text[static_cast<std::size_t>(i)] = static_cast<char>('A' + letter - 1);
  }
  return text;
}

std::uint16_t manufacturer_code(std::string_view letters) {
  if (letters.size() != 3) return 0;
  unsigned code = 0;
  for (const char c : letters) {
    if (c < 'A' || c > 'Z') return 0;
    code = code << 5 | static_cast<unsigned>(c - 'A' + 1);
  }
  return static_cast<std::uint16_t>(code);
}

void append_id_text(std::uint32_t id, std::string& out) {
  for (int shift = 28; shift >= 0; shift -= 4) out.push_back("0123456789ABCDEF"[id >> shift & 0xF]);
}

std::string id_text(std::uint32_t id) {
  std::string text;
  append_id_text(id, text);
  return text;
}

std::string_view device_type_text(std::uint8_t type) {
  return type < kDeviceTypes.size() ? kDeviceTypes[type] : std::string_view("reserved");
}

}  // namespace amity::mbus
