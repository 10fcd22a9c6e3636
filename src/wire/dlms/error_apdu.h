// ExceptionResponse and ConfirmedServiceError. encode() appends the APDU, tag included.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/dlms/types.h"

namespace amity::dlms {

enum class StateError : std::uint8_t { kServiceNotAllowed = 1, kServiceUnknown = 2 };

enum class ServiceErrorCode : std::uint8_t {
  kOperationNotPossible = 1,
  kServiceNotSupported = 2,
  kOtherReason = 3,
  kPduTooLong = 4,
  kDecipheringError = 5,
  kInvocationCounterError = 6,
};

struct ExceptionResponse {
  StateError state = StateError::kServiceUnknown;
  ServiceErrorCode service = ServiceErrorCode::kOtherReason;
  std::uint32_t invocation_counter = 0;  // the counter expected, of kInvocationCounterError
};

struct ConfirmedServiceError {
  std::uint8_t service = 1;      // initiateError 1, read 5, write 6, ...
  std::uint8_t error_class = 6;  // application-reference 0 ... initiate 6, ... other 10
  std::uint8_t value = 0;
};

void encode(const ExceptionResponse& apdu, Bytes& out);
void encode(const ConfirmedServiceError& apdu, Bytes& out);
std::string to_string(const ExceptionResponse& apdu);
std::string to_string(const ConfirmedServiceError& apdu);  // "initiate: dlms-version-too-low"

}  // namespace amity::dlms
