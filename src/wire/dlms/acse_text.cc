#include "wire/dlms/acse.h"

namespace amity::dlms {

std::string_view to_string(ApplicationContext context) {
  switch (context) {
    case ApplicationContext::kLogicalName:
      return "LN";
    case ApplicationContext::kShortName:
      return "SN";
    case ApplicationContext::kLogicalNameCiphered:
      return "LN ciphered";
    case ApplicationContext::kShortNameCiphered:
      return "SN ciphered";
  }
  return "unknown";
}

std::string_view to_string(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::kNone:
      return "none";
    case Mechanism::kLow:
      return "low";
    case Mechanism::kHighManufacturer:
      return "high-manufacturer";
    case Mechanism::kHighMd5:
      return "high-md5";
    case Mechanism::kHighSha1:
      return "high-sha1";
    case Mechanism::kHighGmac:
      return "high-gmac";
    case Mechanism::kHighSha256:
      return "high-sha256";
    case Mechanism::kHighEcdsa:
      return "high-ecdsa";
  }
  return "unknown";
}

std::string_view to_string(AssociationResult result) {
  switch (result) {
    case AssociationResult::kAccepted:
      return "accepted";
    case AssociationResult::kRejectedPermanent:
      return "rejected-permanent";
    case AssociationResult::kRejectedTransient:
      return "rejected-transient";
  }
  return "unknown";
}

std::string_view to_string(AcseUserDiagnostic diagnostic) {
  switch (diagnostic) {
    case AcseUserDiagnostic::kNull:
      return "none";
    case AcseUserDiagnostic::kNoReasonGiven:
      return "no-reason-given";
    case AcseUserDiagnostic::kApplicationContextNotSupported:
      return "application-context-name-not-supported";
    case AcseUserDiagnostic::kCallingApTitleNotRecognized:
      return "calling-AP-title-not-recognized";
    case AcseUserDiagnostic::kCallingApInvocationIdNotRecognized:
      return "calling-AP-invocation-identifier-not-recognized";
    case AcseUserDiagnostic::kCallingAeQualifierNotRecognized:
      return "calling-AE-qualifier-not-recognized";
    case AcseUserDiagnostic::kCallingAeInvocationIdNotRecognized:
      return "calling-AE-invocation-identifier-not-recognized";
    case AcseUserDiagnostic::kCalledApTitleNotRecognized:
      return "called-AP-title-not-recognized";
    case AcseUserDiagnostic::kCalledApInvocationIdNotRecognized:
      return "called-AP-invocation-identifier-not-recognized";
    case AcseUserDiagnostic::kCalledAeQualifierNotRecognized:
      return "called-AE-qualifier-not-recognized";
    case AcseUserDiagnostic::kCalledAeInvocationIdNotRecognized:
      return "called-AE-invocation-identifier-not-recognized";
    case AcseUserDiagnostic::kMechanismNotRecognized:
      return "authentication-mechanism-name-not-recognized";
    case AcseUserDiagnostic::kMechanismRequired:
      return "authentication-mechanism-name-required";
    case AcseUserDiagnostic::kAuthenticationFailure:
      return "authentication-failure";
    case AcseUserDiagnostic::kAuthenticationRequired:
      return "authentication-required";
  }
  return "unknown";
}

}  // namespace amity::dlms
