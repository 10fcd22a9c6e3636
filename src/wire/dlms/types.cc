#include "wire/dlms/types.h"

#include "wire/dlms/data_value.h"
#include "wire/dlms/limits.h"

namespace amity::dlms {
namespace {

struct BitName {
  std::uint32_t bit;
  std::string_view name;
};

constexpr BitName kConformanceNames[] = {
    {Conformance::kGeneralProtection, "general-protection"},
    {Conformance::kGeneralBlockTransfer, "general-block-transfer"},
    {Conformance::kRead, "read"},
    {Conformance::kWrite, "write"},
    {Conformance::kUnconfirmedWrite, "unconfirmed-write"},
    {Conformance::kDeltaValueEncoding, "delta-value-encoding"},
    {Conformance::kAttribute0Set, "attribute0-supported-with-set"},
    {Conformance::kPriorityManagement, "priority-mgmt-supported"},
    {Conformance::kAttribute0Get, "attribute0-supported-with-get"},
    {Conformance::kBlockTransferGet, "block-transfer-with-get-or-read"},
    {Conformance::kBlockTransferSet, "block-transfer-with-set-or-write"},
    {Conformance::kBlockTransferAction, "block-transfer-with-action"},
    {Conformance::kMultipleReferences, "multiple-references"},
    {Conformance::kInformationReport, "information-report"},
    {Conformance::kDataNotification, "data-notification"},
    {Conformance::kAccess, "access"},
    {Conformance::kParameterizedAccess, "parameterized-access"},
    {Conformance::kGet, "get"},
    {Conformance::kSet, "set"},
    {Conformance::kSelectiveAccess, "selective-access"},
    {Conformance::kEventNotification, "event-notification"},
    {Conformance::kAction, "action"},
};

}  // namespace

std::string_view to_string(DataAccessResult result) {
  switch (result) {
    case DataAccessResult::kSuccess:
      return "success";
    case DataAccessResult::kHardwareFault:
      return "hardware-fault";
    case DataAccessResult::kTemporaryFailure:
      return "temporary-failure";
    case DataAccessResult::kReadWriteDenied:
      return "read-write-denied";
    case DataAccessResult::kObjectUndefined:
      return "object-undefined";
    case DataAccessResult::kObjectClassInconsistent:
      return "object-class-inconsistent";
    case DataAccessResult::kObjectUnavailable:
      return "object-unavailable";
    case DataAccessResult::kTypeUnmatched:
      return "type-unmatched";
    case DataAccessResult::kScopeOfAccessViolated:
      return "scope-of-access-violated";
    case DataAccessResult::kDataBlockUnavailable:
      return "data-block-unavailable";
    case DataAccessResult::kLongGetAborted:
      return "long-get-aborted";
    case DataAccessResult::kNoLongGetInProgress:
      return "no-long-get-in-progress";
    case DataAccessResult::kLongSetAborted:
      return "long-set-aborted";
    case DataAccessResult::kNoLongSetInProgress:
      return "no-long-set-in-progress";
    case DataAccessResult::kDataBlockNumberInvalid:
      return "data-block-number-invalid";
    case DataAccessResult::kOtherReason:
      return "other-reason";
  }
  return "unknown";
}

std::string_view to_string(ActionResult result) {
  switch (result) {
    case ActionResult::kLongActionAborted:
      return "long-action-aborted";
    case ActionResult::kNoLongActionInProgress:
      return "no-long-action-in-progress";
    default:
      return to_string(static_cast<DataAccessResult>(result));
  }
}

std::string to_string(Conformance conformance) {
  std::string text;
  for (const BitName& entry : kConformanceNames) {
    if (!conformance.has(entry.bit)) continue;
    if (!text.empty()) text += ' ';
    text += entry.name;
  }
  return text;
}

Result<AttributeRef> read_attribute_ref(ByteReader& in) {
  AMITY_TRY(const ByteView b, in.take(9));
  AttributeRef ref;
  ref.class_id = static_cast<std::uint16_t>(b[0] << 8 | b[1]);
  AMITY_TRY(ref.instance, obis_from(b.subspan(2, Obis::kSize)));
  ref.attribute = static_cast<std::int8_t>(b[8]);
  return ref;
}

Result<MethodRef> read_method_ref(ByteReader& in) {
  AMITY_TRY(const AttributeRef ref, read_attribute_ref(in));
  return MethodRef{ref.class_id, ref.instance, ref.attribute};
}

Result<bool> read_bool(ByteReader& in) {
  AMITY_TRY(const std::uint8_t v, in.u8());
  return v != 0;
}

Result<std::optional<SelectiveAccess>> read_selective_access(ByteReader& in) {
  AMITY_TRY(const bool used, read_bool(in));
  if (!used) return std::optional<SelectiveAccess>();
  SelectiveAccess access;
  AMITY_TRY(access.selector, in.u8());
  AMITY_TRY(access.parameters, take_data(in));
  return std::optional(access);
}

Result<DataAccessResult> read_data_access_result(ByteReader& in) {
  AMITY_TRY(const std::uint8_t v, in.u8());
  return static_cast<DataAccessResult>(v);
}

Result<ActionResult> read_action_result(ByteReader& in) {
  AMITY_TRY(const std::uint8_t v, in.u8());
  return static_cast<ActionResult>(v);
}

Result<DataOrResult> read_data_or_result(ByteReader& in) {
  DataOrResult value;
  AMITY_TRY(const std::uint8_t choice, in.u8());
  if (choice == 0) {
    AMITY_TRY(value.data, take_data(in));
    return value;
  }
  if (choice != 1) return in.malformed("choice " + std::to_string(choice) + " of a data-or-result");
  AMITY_TRY(value.result, read_data_access_result(in));
  if (value.ok()) return in.malformed("data-access-result success without data");
  return value;
}

Result<ByteView> read_octet_string(ByteReader& in) {
  AMITY_TRY(const std::size_t length, read_length(in));
  return in.take(length);
}

Result<std::size_t> read_list_count(ByteReader& in) {
  AMITY_TRY(const std::size_t count, read_length(in));
  if (count > in.remaining()) return in.truncated(count);
  if (count > kListItemsMax) {
    return make_error(ErrorCode::kLimit, std::to_string(count) + " items in a list", in.offset());
  }
  return count;
}

void write(ByteWriter& out, const AttributeRef& v) {
  out.u16(v.class_id);
  out.bytes(v.instance.view());
  out.u8(static_cast<std::uint8_t>(v.attribute));
}

void write(ByteWriter& out, const MethodRef& v) {
  write(out, AttributeRef{v.class_id, v.instance, v.method});
}

void write(ByteWriter& out, const std::optional<SelectiveAccess>& v) {
  if (!v) return out.u8(0);
  out.u8(1);
  out.u8(v->selector);
  out.bytes(v->parameters);
}

void write(ByteWriter& out, const DataOrResult& v) {
  if (v.ok()) {
    out.u8(0);
    out.bytes(v.data);
  } else {
    out.u8(1);
    out.u8(static_cast<std::uint8_t>(v.result));
  }
}

void write_octet_string(ByteWriter& out, ByteView v) {
  write_length(out, v.size());
  out.bytes(v);
}

}  // namespace amity::dlms
