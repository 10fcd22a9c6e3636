#include "wire/dlms/apdu.h"

#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

Result<Apdu> read_acse(ApduTag tag, ByteView input) {
  switch (tag) {
    case ApduTag::kAarq: {
      AMITY_TRY(const Aarq v, decode_aarq(input));
      return Apdu(v);
    }
    case ApduTag::kAare: {
      AMITY_TRY(const Aare v, decode_aare(input));
      return Apdu(v);
    }
    case ApduTag::kRlrq: {
      AMITY_TRY(const Rlrq v, decode_rlrq(input));
      return Apdu(v);
    }
    default: {
      AMITY_TRY(const Rlre v, decode_rlre(input));
      return Apdu(v);
    }
  }
}

Result<Apdu> read_service(std::uint8_t tag, ByteReader& in) {
  const auto known = static_cast<ApduTag>(tag);
  switch (known) {
    case ApduTag::kInitiateRequest:
      return read_initiate_request(in);
    case ApduTag::kInitiateResponse:
      return read_initiate_response(in);
    case ApduTag::kConfirmedServiceError:
      return read_confirmed_service_error(in);
    case ApduTag::kReadRequest:
    case ApduTag::kReadResponse:
    case ApduTag::kWriteRequest:
    case ApduTag::kWriteResponse:
    case ApduTag::kUnconfirmedWriteRequest:
    case ApduTag::kInformationReport:
      return read_sn(known, in);
    case ApduTag::kDataNotification:
    case ApduTag::kDataNotificationConfirm:
    case ApduTag::kEventNotification:
      return read_notification(known, in);
    case ApduTag::kGetRequest:
      return read_get_request(in);
    case ApduTag::kGetResponse:
      return read_get_response(in);
    case ApduTag::kSetRequest:
      return read_set_request(in);
    case ApduTag::kSetResponse:
      return read_set_response(in);
    case ApduTag::kActionRequest:
      return read_action_request(in);
    case ApduTag::kActionResponse:
      return read_action_response(in);
    case ApduTag::kAccessRequest:
      return read_access_request(in);
    case ApduTag::kAccessResponse:
      return read_access_response(in);
    case ApduTag::kExceptionResponse:
      return read_exception_response(in);
    case ApduTag::kGeneralBlockTransfer:
      return read_general_block_transfer(in);
    case ApduTag::kGeneralGlo:
    case ApduTag::kGeneralDed:
    case ApduTag::kGeneralCiphering:
    case ApduTag::kGeneralSigning:
      return read_ciphered(tag, in);
    default:
      break;
  }
  if (plain_tag(tag)) return read_ciphered(tag, in);
  return make_error(ErrorCode::kMalformed, "unknown APDU tag " + to_hex(ByteView(&tag, 1)));
}

std::string_view plain_name(ApduTag tag) {
  switch (tag) {
    case ApduTag::kInitiateRequest:
      return "initiate-request";
    case ApduTag::kReadRequest:
      return "read-request";
    case ApduTag::kWriteRequest:
      return "write-request";
    case ApduTag::kInitiateResponse:
      return "initiate-response";
    case ApduTag::kReadResponse:
      return "read-response";
    case ApduTag::kWriteResponse:
      return "write-response";
    case ApduTag::kConfirmedServiceError:
      return "confirmed-service-error";
    case ApduTag::kDataNotification:
      return "data-notification";
    case ApduTag::kDataNotificationConfirm:
      return "data-notification-confirm";
    case ApduTag::kUnconfirmedWriteRequest:
      return "unconfirmed-write-request";
    case ApduTag::kInformationReport:
      return "information-report";
    case ApduTag::kAarq:
      return "aarq";
    case ApduTag::kAare:
      return "aare";
    case ApduTag::kRlrq:
      return "rlrq";
    case ApduTag::kRlre:
      return "rlre";
    case ApduTag::kGetRequest:
      return "get-request";
    case ApduTag::kSetRequest:
      return "set-request";
    case ApduTag::kEventNotification:
      return "event-notification";
    case ApduTag::kActionRequest:
      return "action-request";
    case ApduTag::kGetResponse:
      return "get-response";
    case ApduTag::kSetResponse:
      return "set-response";
    case ApduTag::kActionResponse:
      return "action-response";
    case ApduTag::kExceptionResponse:
      return "exception-response";
    case ApduTag::kAccessRequest:
      return "access-request";
    case ApduTag::kAccessResponse:
      return "access-response";
    case ApduTag::kGeneralGlo:
      return "general-glo-ciphering";
    case ApduTag::kGeneralDed:
      return "general-ded-ciphering";
    case ApduTag::kGeneralCiphering:
      return "general-ciphering";
    case ApduTag::kGeneralSigning:
      return "general-signing";
    case ApduTag::kGeneralBlockTransfer:
      return "general-block-transfer";
  }
  return "";
}

}  // namespace

Result<Apdu> decode_apdu(ByteView input) {
  ByteReader in(input);
  AMITY_TRY(const std::uint8_t tag, in.u8());
  const auto known = static_cast<ApduTag>(tag);
  if (known >= ApduTag::kAarq && known <= ApduTag::kRlre) return read_acse(known, input);
  AMITY_TRY(Apdu apdu, read_service(tag, in));
  if (!in.empty()) return in.malformed("bytes follow the APDU");
  return apdu;
}

std::string apdu_name(std::uint8_t tag) {
  if (const std::string_view name = plain_name(static_cast<ApduTag>(tag)); !name.empty())
    return std::string(name);
  if (const auto plain = plain_tag(tag)) {
    return (plain->dedicated ? "ded-" : "glo-") +
           std::string(plain_name(static_cast<ApduTag>(plain->tag)));
  }
  return "";
}

}  // namespace amity::dlms
