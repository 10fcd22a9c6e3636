#include "wire/dlms/error_apdu.h"

#include <array>
#include <span>

#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kApplicationReference[] = {"other",
                                                      "time-elapsed",
                                                      "application-unreachable",
                                                      "application-reference-invalid",
                                                      "application-context-unsupported",
                                                      "provider-communication-error",
                                                      "deciphering-error"};
constexpr std::string_view kHardwareResource[] = {
    "other", "memory-unavailable", "processor-resource-unavailable", "mass-storage-unavailable",
    "other-resource-unavailable"};
constexpr std::string_view kVdeState[] = {"other", "no-dlms-context", "loading-data-set",
                                          "status-nochange", "status-inoperable"};
constexpr std::string_view kService[] = {"other", "pdu-size", "service-unsupported"};
constexpr std::string_view kDefinition[] = {
    "other", "object-undefined", "object-class-inconsistent", "object-attribute-inconsistent"};
constexpr std::string_view kAccess[] = {"other", "scope-of-access-violated",
                                        "object-access-violated", "hardware-fault",
                                        "object-unavailable"};
constexpr std::string_view kInitiate[] = {"other", "dlms-version-too-low",
                                          "incompatible-conformance", "pdu-size-too-short",
                                          "refused-by-the-VDE-handler"};

struct ErrorClass {
  std::string_view name;
  Names values;
};

ErrorClass error_class(std::uint8_t code) {
  switch (code) {
    case 0:
      return {"application-reference", kApplicationReference};
    case 1:
      return {"hardware-resource", kHardwareResource};
    case 2:
      return {"vde-state-error", kVdeState};
    case 3:
      return {"service", kService};
    case 4:
      return {"definition", kDefinition};
    case 5:
      return {"access", kAccess};
    case 6:
      return {"initiate", kInitiate};
    case 7:
      return {"load-data-set", {}};
    case 9:
      return {"task", {}};
    case 10:
      return {"other", {}};
    default:
      return {"unknown", {}};
  }
}

}  // namespace

void encode(const ExceptionResponse& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kExceptionResponse));
  w.u8(static_cast<std::uint8_t>(v.state));
  w.u8(static_cast<std::uint8_t>(v.service));
  if (v.service == ServiceErrorCode::kInvocationCounterError) w.u32(v.invocation_counter);
}

void encode(const ConfirmedServiceError& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kConfirmedServiceError));
  w.u8(v.service);
  w.u8(v.error_class);
  w.u8(v.value);
}

std::string to_string(const ExceptionResponse& v) {
  std::string text =
      v.state == StateError::kServiceNotAllowed ? "service-not-allowed" : "service-unknown";
  switch (v.service) {
    case ServiceErrorCode::kOperationNotPossible:
      return text + ": operation-not-possible";
    case ServiceErrorCode::kServiceNotSupported:
      return text + ": service-not-supported";
    case ServiceErrorCode::kOtherReason:
      return text + ": other-reason";
    case ServiceErrorCode::kPduTooLong:
      return text + ": pdu-too-long";
    case ServiceErrorCode::kDecipheringError:
      return text + ": deciphering-error";
    case ServiceErrorCode::kInvocationCounterError:
      return text + ": invocation-counter-error, expected " + std::to_string(v.invocation_counter);
  }
  return text;
}

std::string to_string(const ConfirmedServiceError& v) {
  const ErrorClass c = error_class(v.error_class);
  std::string text(c.name);
  text += ": ";
  if (v.value < c.values.size()) {
    text += c.values[v.value];
  } else {
    text += std::to_string(v.value);
  }
  return text;
}

Result<Apdu> read_exception_response(ByteReader& in) {
  ExceptionResponse v;
  AMITY_TRY(const std::uint8_t state, in.u8());
  if (state < 1 || state > 2) return unknown_choice(in, "exception-response state-error", state);
  AMITY_TRY(const std::uint8_t service, in.u8());
  if (service < 1 || service > 6)
    return unknown_choice(in, "exception-response service-error", service);
  v.state = static_cast<StateError>(state);
  v.service = static_cast<ServiceErrorCode>(service);
  if (v.service == ServiceErrorCode::kInvocationCounterError) {
    AMITY_TRY(v.invocation_counter, in.u32());
  }
  return Apdu(v);
}

Result<Apdu> read_confirmed_service_error(ByteReader& in) {
  ConfirmedServiceError v;
  AMITY_TRY(v.service, in.u8());
  AMITY_TRY(v.error_class, in.u8());
  AMITY_TRY(v.value, in.u8());
  return Apdu(v);
}

}  // namespace amity::dlms
