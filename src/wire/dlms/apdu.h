// One entry point for every APDU.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "wire/dlms/access.h"
#include "wire/dlms/acse.h"
#include "wire/dlms/action.h"
#include "wire/dlms/block_transfer.h"
#include "wire/dlms/ciphered.h"
#include "wire/dlms/error_apdu.h"
#include "wire/dlms/get.h"
#include "wire/dlms/initiate.h"
#include "wire/dlms/notification.h"
#include "wire/dlms/set.h"
#include "wire/dlms/sn.h"

namespace amity::dlms {

enum class ApduTag : std::uint8_t {
  kInitiateRequest = 0x01,
  kReadRequest = 0x05,
  kWriteRequest = 0x06,
  kInitiateResponse = 0x08,
  kReadResponse = 0x0C,
  kWriteResponse = 0x0D,
  kConfirmedServiceError = 0x0E,
  kDataNotification = 0x0F,
  kDataNotificationConfirm = 0x10,
  kUnconfirmedWriteRequest = 0x16,
  kInformationReport = 0x18,
  kAarq = 0x60,
  kAare = 0x61,
  kRlrq = 0x62,
  kRlre = 0x63,
  kGetRequest = 0xC0,
  kSetRequest = 0xC1,
  kEventNotification = 0xC2,
  kActionRequest = 0xC3,
  kGetResponse = 0xC4,
  kSetResponse = 0xC5,
  kActionResponse = 0xC7,
  kExceptionResponse = 0xD8,
  kAccessRequest = 0xD9,
  kAccessResponse = 0xDA,
  kGeneralGlo = 0xDB,
  kGeneralDed = 0xDC,
  kGeneralCiphering = 0xDD,
  kGeneralSigning = 0xDF,
  kGeneralBlockTransfer = 0xE0,
};
std::string apdu_name(std::uint8_t tag);  // "get-request", "glo-get-request", ...; "" where unknown

using Apdu = std::variant<
    InitiateRequest, InitiateResponse, Aarq, Aare, Rlrq, Rlre, GetRequestNormal, GetRequestNext,
    GetRequestWithList, GetResponseNormal, GetResponseWithDataBlock, GetResponseWithList,
    SetRequestNormal, SetRequestWithFirstDataBlock, SetRequestWithDataBlock, SetRequestWithList,
    SetRequestWithListAndFirstDataBlock, SetResponseNormal, SetResponseDataBlock,
    SetResponseLastDataBlock, SetResponseLastDataBlockWithList, SetResponseWithList,
    ActionRequestNormal, ActionRequestNextBlock, ActionRequestWithList, ActionRequestWithFirstBlock,
    ActionRequestWithListAndFirstBlock, ActionRequestWithBlock, ActionResponseNormal,
    ActionResponseWithBlock, ActionResponseWithList, ActionResponseNextBlock, ReadRequest,
    ReadResponse, WriteRequest, WriteResponse, UnconfirmedWriteRequest, InformationReport,
    AccessRequest, AccessResponse, DataNotification, DataNotificationConfirm, EventNotification,
    ExceptionResponse, ConfirmedServiceError, GeneralBlockTransfer, ServiceCiphered, GeneralGloDed,
    GeneralCiphering, GeneralSigning>;

// The APDU must fill the input. Views point into it.
Result<Apdu> decode_apdu(ByteView input);

}  // namespace amity::dlms
