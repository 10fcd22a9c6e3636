// What the xDLMS services share: references to attributes and methods, results, conformance (IEC
// 62056-5-3). Views in decoded APDUs point into the decoded input; views in APDUs to encode must
// live until encode() returns. Data parameters are the encoded value: parse with DataTree, write
// with DataWriter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/dlms/obis.h"

namespace amity::dlms {

// Invoke-Id-And-Priority.
struct InvokeId {
  std::uint8_t raw = 0xC1;  // id 1, confirmed, high priority

  static constexpr InvokeId make(std::uint8_t id, bool confirmed = true,
                                 bool high_priority = true) {
    return {static_cast<std::uint8_t>((id & 0x0F) | (confirmed ? 0x40 : 0) |
                                      (high_priority ? 0x80 : 0))};
  }
  constexpr std::uint8_t id() const { return raw & 0x0F; }
  constexpr bool confirmed() const { return (raw & 0x40) != 0; }
  constexpr bool high_priority() const { return (raw & 0x80) != 0; }
  friend bool operator==(InvokeId, InvokeId) = default;
};

// Long-Invoke-Id-And-Priority: id in bits 0-23, self-descriptive 28, processing option 29,
// confirmed 30, priority 31.
struct LongInvokeId {
  std::uint32_t raw = 0;

  constexpr std::uint32_t id() const { return raw & 0x00FFFFFF; }
  constexpr bool self_descriptive() const { return (raw & 0x10000000) != 0; }
  constexpr bool break_on_error() const { return (raw & 0x20000000) != 0; }
  constexpr bool confirmed() const { return (raw & 0x40000000) != 0; }
  constexpr bool high_priority() const { return (raw & 0x80000000) != 0; }
  friend bool operator==(LongInvokeId, LongInvokeId) = default;
};

struct AttributeRef {
  std::uint16_t class_id = 0;
  Obis instance;
  std::int8_t attribute = 0;  // 0: all public attributes
  friend auto operator<=>(const AttributeRef&, const AttributeRef&) = default;
};

struct MethodRef {
  std::uint16_t class_id = 0;
  Obis instance;
  std::int8_t method = 0;
  friend auto operator<=>(const MethodRef&, const MethodRef&) = default;
};

// Access-selector 1 is by range, 2 by entry, for Profile generic; see selective_access.h.
struct SelectiveAccess {
  std::uint8_t selector = 0;
  ByteView parameters;  // encoded value
};

enum class DataAccessResult : std::uint8_t {
  kSuccess = 0,
  kHardwareFault = 1,
  kTemporaryFailure = 2,
  kReadWriteDenied = 3,
  kObjectUndefined = 4,
  kObjectClassInconsistent = 9,
  kObjectUnavailable = 11,
  kTypeUnmatched = 12,
  kScopeOfAccessViolated = 13,
  kDataBlockUnavailable = 14,
  kLongGetAborted = 15,
  kNoLongGetInProgress = 16,
  kLongSetAborted = 17,
  kNoLongSetInProgress = 18,
  kDataBlockNumberInvalid = 19,
  kOtherReason = 250,
};

enum class ActionResult : std::uint8_t {
  kSuccess = 0,
  kHardwareFault = 1,
  kTemporaryFailure = 2,
  kReadWriteDenied = 3,
  kObjectUndefined = 4,
  kObjectClassInconsistent = 9,
  kObjectUnavailable = 11,
  kTypeUnmatched = 12,
  kScopeOfAccessViolated = 13,
  kDataBlockUnavailable = 14,
  kLongActionAborted = 15,
  kNoLongActionInProgress = 16,
  kOtherReason = 250,
};

std::string_view to_string(DataAccessResult result);
std::string_view to_string(ActionResult result);

// Get-Data-Result: a value, or why there is none.
struct DataOrResult {
  DataAccessResult result = DataAccessResult::kSuccess;
  ByteView data;  // encoded value, on success

  bool ok() const { return result == DataAccessResult::kSuccess; }
};

// Conformance block, 24 bits; bit n of the standard is 1 << (23 - n), so the three bytes read as
// printed.
struct Conformance {
  std::uint32_t bits = 0;

  enum Bit : std::uint32_t {
    kGeneralProtection = 1u << 22,
    kGeneralBlockTransfer = 1u << 21,
    kRead = 1u << 20,
    kWrite = 1u << 19,
    kUnconfirmedWrite = 1u << 18,
    kDeltaValueEncoding = 1u << 17,
    kAttribute0Set = 1u << 15,
    kPriorityManagement = 1u << 14,
    kAttribute0Get = 1u << 13,
    kBlockTransferGet = 1u << 12,
    kBlockTransferSet = 1u << 11,
    kBlockTransferAction = 1u << 10,
    kMultipleReferences = 1u << 9,
    kInformationReport = 1u << 8,
    kDataNotification = 1u << 7,
    kAccess = 1u << 6,
    kParameterizedAccess = 1u << 5,
    kGet = 1u << 4,
    kSet = 1u << 3,
    kSelectiveAccess = 1u << 2,
    kEventNotification = 1u << 1,
    kAction = 1u << 0,
  };

  constexpr bool has(std::uint32_t wanted) const { return (bits & wanted) == wanted; }
  friend bool operator==(Conformance, Conformance) = default;
};
std::string to_string(Conformance conformance);  // "get set selective-access action"

// Readers and writers of these, for the codecs of this room.
Result<AttributeRef> read_attribute_ref(ByteReader& in);
Result<MethodRef> read_method_ref(ByteReader& in);
Result<std::optional<SelectiveAccess>> read_selective_access(
    ByteReader& in);  // with its usage flag
Result<DataOrResult> read_data_or_result(ByteReader& in);
Result<DataAccessResult> read_data_access_result(ByteReader& in);
Result<ActionResult> read_action_result(ByteReader& in);
Result<ByteView> read_octet_string(ByteReader& in);  // length, then bytes; no tag
Result<bool> read_bool(ByteReader& in);
Result<std::size_t> read_list_count(ByteReader& in);  // <= kListItemsMax
void write(ByteWriter& out, const AttributeRef& value);
void write(ByteWriter& out, const MethodRef& value);
void write(ByteWriter& out, const std::optional<SelectiveAccess>& value);
void write(ByteWriter& out, const DataOrResult& value);
void write_octet_string(ByteWriter& out, ByteView value);

}  // namespace amity::dlms
