#include "wire/mbus/control_information.h"

#include <array>

namespace amity::mbus {
namespace {

using enum Header;
using enum Content;

constexpr std::array<ControlInformation, 256> make_table() {
  std::array<ControlInformation, 256> t{};
  for (std::size_t i = 0x00; i <= 0x1F; ++i) t[i] = {kNone, kUnknown, "DLMS"};
  t[0x50] = {kNone, kUnknown, "application reset"};
  t[0x51] = {kNone, kRecords, "data to the meter"};
  t[0x52] = {kNone, kSelection, "selection of a slave"};
  t[0x53] = {kLong, kUnknown, "application reset"};
  t[0x54] = {kNone, kUnknown, "request of the selected application"};
  t[0x55] = {kLong, kUnknown, "request of the selected application"};
  t[0x5A] = {kShort, kRecords, "command"};
  t[0x5B] = {kLong, kRecords, "command"};
  t[0x5C] = {kNone, kUnknown, "synchronise action"};
  t[0x5F] = {kLong, kUnknown, "security handshake"};
  t[0x60] = {kLong, kUnknown, "DLMS to the meter"};
  t[0x61] = {kShort, kUnknown, "DLMS to the meter"};
  t[0x64] = {kLong, kUnknown, "OBIS data to the meter"};
  t[0x65] = {kShort, kUnknown, "OBIS data to the meter"};
  t[0x66] = {kNone, kUnknown, "selected application"};
  t[0x67] = {kShort, kUnknown, "selected application"};
  t[0x68] = {kLong, kUnknown, "selected application"};
  t[0x69] = {kNone, kFormat, "format frame"};
  t[0x6A] = {kShort, kFormat, "format frame"};
  t[0x6B] = {kLong, kFormat, "format frame"};
  t[0x6C] = {kLong, kUnknown, "clock synchronisation, absolute"};
  t[0x6D] = {kLong, kUnknown, "clock synchronisation, relative"};
  t[0x6E] = {kShort, kApplicationError, "application error"};
  t[0x6F] = {kLong, kApplicationError, "application error"};
  t[0x70] = {kNone, kApplicationError, "application error"};
  t[0x71] = {kNone, kAlarm, "alarm"};
  t[0x72] = {kLong, kRecords, "data"};
  t[0x73] = {kLong, kCompact, "compact frame"};
  t[0x74] = {kShort, kAlarm, "alarm"};
  t[0x75] = {kLong, kAlarm, "alarm"};
  t[0x78] = {kNone, kRecords, "data"};
  t[0x79] = {kNone, kCompact, "compact frame"};
  t[0x7A] = {kShort, kRecords, "data"};
  t[0x7B] = {kShort, kCompact, "compact frame"};
  t[0x7C] = {kLong, kUnknown, "DLMS"};
  t[0x7D] = {kShort, kUnknown, "DLMS"};
  t[0x7E] = {kLong, kUnknown, "OBIS data"};
  t[0x7F] = {kShort, kUnknown, "OBIS data"};
  t[0x80] = {kLong, kUnknown, "transport layer to the meter"};
  t[0x81] = {kNone, kUnknown, "network layer"};
  t[0x83] = {kNone, kUnknown, "network management"};
  t[0x86] = {kNone, kUnknown, "extended link layer of variable size"};
  t[0x8A] = {kShort, kUnknown, "transport layer"};
  t[0x8B] = {kLong, kUnknown, "transport layer"};
  for (std::size_t i = 0x8C; i <= 0x8F; ++i)
    t[i] = {kNone, kExtendedLinkLayer, "extended link layer"};
  t[0x90] = {kNone, kAuthentication, "authentication and fragmentation layer"};
  for (std::size_t i = 0xA0; i <= 0xB7; ++i) t[i] = {kNone, kManufacturer, "manufacturer's data"};
  for (std::size_t i = 0xB8; i <= 0xBF; ++i) t[i] = {kNone, kUnknown, "baud rate"};
  t[0xC0] = {kLong, kUnknown, "image transfer to the meter"};
  t[0xC1] = {kShort, kUnknown, "image transfer"};
  t[0xC2] = {kLong, kUnknown, "image transfer"};
  t[0xC3] = {kLong, kUnknown, "security information to the meter"};
  t[0xC4] = {kShort, kUnknown, "security information"};
  t[0xC5] = {kLong, kUnknown, "security information"};
  return t;
}
constexpr auto kTable = make_table();

}  // namespace

const ControlInformation& control_information(std::uint8_t ci) {
  return kTable[ci];
}

}  // namespace amity::mbus
