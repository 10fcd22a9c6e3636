// What single makes do otherwise than the standard says. Data, keyed on the manufacturer in the
// server id.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "wire/sml/message.h"

namespace amity::sml {

// Server ids of 10 bytes that name their maker: 0A 01 'DZG' 00 0282225E (DIN 43863-5), 09 01 ...,
// 06 'EMH' 01 00 ...
struct ServerId {
  std::string_view manufacturer;  // three letters; empty where the id has none
  std::uint32_t serial = 0;
};
ServerId parse_server_id(ByteView id);
// As printed on the meter: "1DZG0042082910"; text as it is; anything else in hexadecimal.
void append_server_id(ByteView id, std::string& out);

// DZG (DVS74, DWS74): power in steps of 0.01 W, declared as a signed integer.
// - Positive values from 327.68 W to 655.35 W are sent as two bytes without a sign bit (53 8B 28 is
// 356.24 W, not
//   -299.12 W). The maker names the serial numbers 42000000-48999999 and 55000000-58999999; others
//   with the fault were reported.
// - Negative values of three bytes are sent in four with a zero in front (55 00 FC 9A 4B is
// -2226.45 W). Which of the two readings is right is told by the status word of the list's energy
// registers where it has the EDL form (three bytes or more, the last of them 04): bit 11 is set
// while the sum of active power flows out of the house.
//   bit 11 clear and a negative value of two bytes         -> the bytes are unsigned
//   bit 11 set and a value of four bytes 00 80.. to 00 FF.. -> the lower three bytes are signed
//   no such status, a negative value of two bytes, and a serial number in the ranges above ->
//   unsigned
// Any other value is taken as sent. Returns whether `value` was changed.
bool correct_power_sign(const ServerId& server, std::optional<std::uint64_t> status, Value& value);

// The energy direction in a status word of the EDL form; nullopt where it is of another form.
std::optional<bool> flows_out(std::uint64_t status);

}  // namespace amity::sml
