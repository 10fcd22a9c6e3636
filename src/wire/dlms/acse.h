// Association control: AARQ, AARE, RLRQ, RLRE (BER, IEC 62056-5-3 clause 9.4). encode() appends the
// APDU, tag included. Views point into the input (decoded) or must live until encode() returns.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace amity::dlms {

// Last arc of 2.16.756.5.8.1.x
enum class ApplicationContext : std::uint8_t {
  kLogicalName = 1,
  kShortName = 2,
  kLogicalNameCiphered = 3,
  kShortNameCiphered = 4,
};
inline bool is_ciphered(ApplicationContext c) {
  return c == ApplicationContext::kLogicalNameCiphered ||
         c == ApplicationContext::kShortNameCiphered;
}

// Last arc of 2.16.756.5.8.2.x
enum class Mechanism : std::uint8_t {
  kNone = 0,
  kLow = 1,
  kHighManufacturer = 2,
  kHighMd5 = 3,
  kHighSha1 = 4,
  kHighGmac = 5,
  kHighSha256 = 6,
  kHighEcdsa = 7,
};
std::string_view to_string(ApplicationContext context);
std::string_view to_string(Mechanism mechanism);

struct Aarq {
  ApplicationContext context = ApplicationContext::kLogicalName;
  ByteView called_ap_title;
  ByteView calling_ap_title;                              // client system title
  ByteView calling_ae_qualifier;                          // client certificate
  std::optional<std::uint32_t> calling_ae_invocation_id;  // user id
  std::optional<Mechanism> mechanism;                     // absent: lowest level security
  ByteView calling_authentication_value;                  // password, or challenge CtoS
  ByteView implementation_information;
  ByteView user_information;  // InitiateRequest, plain or ciphered
};

enum class AssociationResult : std::uint8_t {
  kAccepted = 0,
  kRejectedPermanent = 1,
  kRejectedTransient = 2
};

enum class AcseUserDiagnostic : std::uint8_t {
  kNull = 0,
  kNoReasonGiven = 1,
  kApplicationContextNotSupported = 2,
  kCallingApTitleNotRecognized = 3,
  kCallingApInvocationIdNotRecognized = 4,
  kCallingAeQualifierNotRecognized = 5,
  kCallingAeInvocationIdNotRecognized = 6,
  kCalledApTitleNotRecognized = 7,
  kCalledApInvocationIdNotRecognized = 8,
  kCalledAeQualifierNotRecognized = 9,
  kCalledAeInvocationIdNotRecognized = 10,
  kMechanismNotRecognized = 11,
  kMechanismRequired = 12,
  kAuthenticationFailure = 13,
  kAuthenticationRequired = 14,
};
std::string_view to_string(AssociationResult result);
std::string_view to_string(AcseUserDiagnostic diagnostic);

struct Aare {
  ApplicationContext context = ApplicationContext::kLogicalName;
  AssociationResult result = AssociationResult::kAccepted;
  bool provider_diagnostic =
      false;  // the diagnostic comes from the ACSE provider (1, 2: no common version)
  std::uint8_t diagnostic = 0;       // AcseUserDiagnostic unless provider_diagnostic
  ByteView responding_ap_title;      // server system title
  ByteView responding_ae_qualifier;  // server certificate
  std::optional<std::uint32_t> responding_ae_invocation_id;
  std::optional<Mechanism> mechanism;
  ByteView responding_authentication_value;  // challenge StoC
  ByteView implementation_information;
  ByteView user_information;  // InitiateResponse or ConfirmedServiceError, plain or ciphered
};

struct Rlrq {
  std::optional<std::uint8_t> reason;  // normal 0, urgent 1, user defined 30
  ByteView user_information;
};

struct Rlre {
  std::optional<std::uint8_t> reason;  // normal 0, not finished 1, user defined 30
  ByteView user_information;
};

void encode(const Aarq& apdu, Bytes& out);
void encode(const Aare& apdu, Bytes& out);
void encode(const Rlrq& apdu, Bytes& out);
void encode(const Rlre& apdu, Bytes& out);

Result<Aarq> decode_aarq(ByteView apdu);
Result<Aare> decode_aare(ByteView apdu);
Result<Rlrq> decode_rlrq(ByteView apdu);
Result<Rlre> decode_rlre(ByteView apdu);

}  // namespace amity::dlms
