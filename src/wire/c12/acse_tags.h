// Tags of the elements of an ACSE APDU (C12.22-2008 clause 5.3.4). Private to the room.
#pragma once

#include <cstdint>

namespace amity::c12::acse {

enum Tag : std::uint8_t {
  kApdu = 0x60,
  kAsoContext = 0xA1,
  kCalledTitle = 0xA2,
  kCalledInvocation = 0xA4,
  kCallingTitle = 0xA6,
  kCallingQualifier = 0xA7,
  kCallingInvocation = 0xA8,
  kMechanism = 0x8B,
  kAuthentication = 0xAC,
  kUserInformation = 0xBE,
  kExternal = 0x28,
  kOctetAligned = 0x81,
  kInteger = 0x02,
};

}  // namespace amity::c12::acse
