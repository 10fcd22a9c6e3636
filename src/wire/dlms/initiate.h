// xDLMS InitiateRequest and InitiateResponse: what the user-information of AARQ and AARE carries.
#pragma once

#include <cstdint>
#include <optional>

#include "wire/dlms/types.h"

namespace amity::dlms {

inline constexpr std::uint8_t kDlmsVersion = 6;
inline constexpr std::uint16_t kVaaNameLn = 0x0007;
inline constexpr std::uint16_t kVaaNameSn = 0xFA00;

struct InitiateRequest {
  ByteView dedicated_key;  // empty: none
  bool response_allowed = true;
  std::optional<std::uint8_t> quality_of_service;
  std::uint8_t dlms_version = kDlmsVersion;
  Conformance conformance;
  std::uint16_t pdu_size_max = 0xFFFF;  // the client can receive; 0 = no limit
};

struct InitiateResponse {
  std::optional<std::uint8_t> quality_of_service;
  std::uint8_t dlms_version = kDlmsVersion;
  Conformance conformance;
  std::uint16_t pdu_size_max = 0xFFFF;  // the server can receive
  std::uint16_t vaa_name = kVaaNameLn;
};

void encode(const InitiateRequest& apdu, Bytes& out);
void encode(const InitiateResponse& apdu, Bytes& out);

}  // namespace amity::dlms
