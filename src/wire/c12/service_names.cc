#include "wire/c12/service.h"

namespace amity::c12 {

std::string_view service_name(std::uint8_t code) {
  switch (code) {
    case 0x20:
      return "identify";
    case 0x21:
      return "terminate";
    case 0x22:
      return "disconnect";
    case 0x24:
      return "deregister";
    case 0x25:
      return "resolve";
    case 0x26:
      return "trace";
    case 0x27:
      return "register";
    case 0x30:
      return "read";
    case 0x3E:
      return "default read";
    case 0x3F:
      return "partial read by offset";
    case 0x40:
      return "write";
    case 0x4E:
      return "default write";
    case 0x4F:
      return "partial write by offset";
    case 0x50:
      return "logon";
    case 0x51:
      return "security";
    case 0x52:
      return "logoff";
    case 0x53:
      return "authenticate";
    case 0x70:
      return "wait";
    case 0x71:
      return "timing setup";
    default:
      break;
  }
  if (code > 0x30 && code <= 0x39) return "partial read by index";
  if (code > 0x40 && code <= 0x49) return "partial write by index";
  if (code >= 0x60 && code <= 0x6B) return "negotiate";
  return {};
}

std::string_view to_string(ResponseCode code) {
  static constexpr std::string_view kNames[] = {
      "ok",
      "error",
      "service not supported",
      "insufficient security clearance",
      "operation not possible",
      "inappropriate action requested",
      "device busy",
      "data not ready",
      "data locked",
      "renegotiate request",
      "invalid service sequence state",
      "security mechanism error",
      "unknown application title",
      "network time-out",
      "network not reachable",
      "request too large",
      "response too large",
      "segmentation not possible",
      "segmentation error",
  };
  const auto index = static_cast<std::size_t>(code);
  return index < std::size(kNames) ? kNames[index] : std::string_view();
}

std::string_view standard_name(std::uint8_t standard) {
  switch (standard) {
    case 0:
      return "C12.18";
    case 2:
      return "C12.21";
    case 3:
      return "C12.22";
    default:
      return {};
  }
}

std::uint32_t baud_of(std::uint8_t code) {
  static constexpr std::uint32_t kRates[] = {0,    300,   600,   1200,  2400, 4800,
                                             9600, 14400, 19200, 28800, 57600};
  return code < std::size(kRates) ? kRates[code] : 0;
}

}  // namespace amity::c12
