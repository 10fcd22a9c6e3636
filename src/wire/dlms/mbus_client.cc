#include "wire/dlms/mbus_client.h"

#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

constexpr std::size_t kCapturesMax = 64;

Result<std::uint64_t> number(ByteView encoded, std::uint64_t max) {
  DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  AMITY_TRY(const std::uint64_t value, tree.root().as_uint());
  if (value > max)
    return make_error(ErrorCode::kMalformed, std::to_string(value) + " is too large a number");
  return value;
}

Result<std::uint32_t> from_bcd(std::uint64_t bcd) {
  std::uint32_t value = 0;
  for (int shift = 28; shift >= 0; shift -= 4) {
    const auto digit = static_cast<std::uint32_t>(bcd >> shift & 0xF);
    if (digit > 9)
      return make_error(ErrorCode::kMalformed, "an identification number with a digit above 9");
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace

Result<std::vector<MbusCapture>> decode_captures(ByteView encoded) {
  DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  const DataView root = tree.root();
  if (root.type() != DataType::kArray || root.size() > kCapturesMax)
    return make_error(ErrorCode::kMalformed, "no capture definition of up to 64 values");
  std::vector<MbusCapture> captures;
  for (const DataView item : root) {
    AMITY_TRY(const DataView data, item.at(0));
    AMITY_TRY(const DataView value, item.at(1));
    AMITY_TRY(const ByteView dib, data.as_bytes());
    AMITY_TRY(const ByteView vib, value.as_bytes());
    captures.push_back({Bytes(dib.begin(), dib.end()), Bytes(vib.begin(), vib.end())});
  }
  return captures;
}

Bytes encode_captures(const std::vector<MbusCapture>& captures) {
  Bytes out;
  DataWriter writer(out);
  writer.array(captures.size());
  for (const MbusCapture& capture : captures) {
    writer.structure(2);
    writer.octet_string(capture.data_information);
    writer.octet_string(capture.value_information);
  }
  return out;
}

Result<MbusSlave> decode_slave(const Obis& object, const std::vector<Bytes>& values) {
  if (values.size() != kMbusIdentityAttributes.size())
    return make_error(ErrorCode::kInvalid, "not the attributes that name an M-Bus device");
  MbusSlave slave;
  slave.channel = object.view()[1];
  const auto byte = [&values](std::size_t i) { return number(values[i], 0xFF); };
  AMITY_TRY(const std::uint64_t address, byte(0));
  AMITY_TRY(const std::uint64_t identification, number(values[1], 0xFFFFFFFF));
  AMITY_TRY(const std::uint64_t manufacturer, number(values[2], 0xFFFF));
  AMITY_TRY(const std::uint64_t version, byte(3));
  AMITY_TRY(const std::uint64_t type, byte(4));
  AMITY_TRY(const std::uint64_t status, byte(5));
  AMITY_TRY(const std::uint64_t alarm, byte(6));
  AMITY_TRY(slave.identification, from_bcd(identification));
  slave.primary_address = static_cast<std::uint8_t>(address);
  slave.manufacturer = mbus_manufacturer(static_cast<std::uint16_t>(manufacturer));
  slave.version = static_cast<std::uint8_t>(version);
  slave.device_type = static_cast<std::uint8_t>(type);
  slave.status = static_cast<std::uint8_t>(status);
  slave.alarm = static_cast<std::uint8_t>(alarm);
  return slave;
}

Bytes encode_install(std::uint8_t primary_address) {
  Bytes out;
  DataWriter(out).uint8(primary_address);
  return out;
}

Bytes encode_mbus_key(ByteView key) {
  Bytes out;
  DataWriter(out).octet_string(key);
  return out;
}

// Three times five bits, from '@' on.
std::string mbus_manufacturer(std::uint16_t id) {
  std::string letters;
  for (const int shift : {10, 5, 0}) {
    const char letter = static_cast<char>('@' + (id >> shift & 0x1F));
    if (letter < 'A' || letter > 'Z') return "";
    letters.push_back(letter);
  }
  return (id & 0x8000) != 0 ? "" : letters;
}

}  // namespace amity::dlms
