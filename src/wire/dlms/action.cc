#include "wire/dlms/action.h"

#include "wire/dlms/data.h"
#include "wire/dlms/data_value.h"
#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

void write(ByteWriter& out, const std::vector<MethodRef>& methods) {
  write_length(out, methods.size());
  for (const MethodRef& method : methods) dlms::write(out, method);
}

}  // namespace

Result<ActionResponseItem> read_action_response_item(ByteReader& in) {
  ActionResponseItem item;
  AMITY_TRY(item.result, read_action_result(in));
  AMITY_TRY(const bool present, read_bool(in));
  if (present) {
    AMITY_TRY(item.returned, read_data_or_result(in));
  }
  return item;
}

void write(ByteWriter& out, const ActionResponseItem& item) {
  out.u8(static_cast<std::uint8_t>(item.result));
  out.u8(item.returned ? 1 : 0);
  if (item.returned) write(out, *item.returned);
}

void encode(const ActionRequestNormal& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kActionRequest, 1, v.invoke);
  write(w, v.method);
  w.u8(v.parameters ? 1 : 0);
  if (v.parameters) w.bytes(*v.parameters);
}

void encode(const ActionRequestNextBlock& v, Bytes& out) {
  begin(out, ApduTag::kActionRequest, 2, v.invoke).u32(v.block_number);
}

void encode(const ActionRequestWithList& v, Bytes& out) {
  AMITY_ASSERT(v.methods.size() == v.parameters.size());
  ByteWriter w = begin(out, ApduTag::kActionRequest, 3, v.invoke);
  write(w, v.methods);
  write(w, v.parameters);
}

void encode(const ActionRequestWithFirstBlock& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kActionRequest, 4, v.invoke);
  write(w, v.method);
  write(w, v.block);
}

void encode(const ActionRequestWithListAndFirstBlock& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kActionRequest, 5, v.invoke);
  write(w, v.methods);
  write(w, v.block);
}

void encode(const ActionRequestWithBlock& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kActionRequest, 6, v.invoke);
  write(w, v.block);
}

void encode(const ActionResponseNormal& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kActionResponse, 1, v.invoke);
  write(w, v.response);
}

void encode(const ActionResponseWithBlock& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kActionResponse, 2, v.invoke);
  write(w, v.block);
}

void encode(const ActionResponseWithList& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kActionResponse, 3, v.invoke);
  write_length(w, v.responses.size());
  for (const ActionResponseItem& item : v.responses) write(w, item);
}

void encode(const ActionResponseNextBlock& v, Bytes& out) {
  begin(out, ApduTag::kActionResponse, 4, v.invoke).u32(v.block_number);
}

namespace {

Result<Apdu> read_action_normal(ByteReader& in, InvokeId invoke) {
  ActionRequestNormal v;
  v.invoke = invoke;
  AMITY_TRY(v.method, read_method_ref(in));
  AMITY_TRY(const bool present, read_bool(in));
  if (present) {
    AMITY_TRY(v.parameters, take_data(in));
  }
  return Apdu(v);
}

Result<Apdu> read_action_with_list(ByteReader& in, InvokeId invoke) {
  ActionRequestWithList v;
  v.invoke = invoke;
  AMITY_TRY(v.methods, read_list(in, read_method_ref));
  AMITY_TRY(v.parameters, read_value_list(in));
  if (v.methods.size() != v.parameters.size()) {
    return in.malformed(std::to_string(v.parameters.size()) + " parameters for " +
                        std::to_string(v.methods.size()) + " methods");
  }
  return Apdu(std::move(v));
}

}  // namespace

Result<Apdu> read_action_request(ByteReader& in) {
  AMITY_TRY(const std::uint8_t choice, in.u8());
  if (choice < 1 || choice > 6) return unknown_choice(in, "action-request", choice);
  AMITY_TRY(const InvokeId invoke, read_invoke_id(in));
  switch (choice) {
    case 1:
      return read_action_normal(in, invoke);
    case 2: {
      AMITY_TRY(const std::uint32_t block, in.u32());
      return Apdu(ActionRequestNextBlock{invoke, block});
    }
    case 3:
      return read_action_with_list(in, invoke);
    case 4: {
      ActionRequestWithFirstBlock v;
      v.invoke = invoke;
      AMITY_TRY(v.method, read_method_ref(in));
      AMITY_TRY(v.block, read_data_block(in));
      return Apdu(v);
    }
    case 5: {
      ActionRequestWithListAndFirstBlock v;
      v.invoke = invoke;
      AMITY_TRY(v.methods, read_list(in, read_method_ref));
      AMITY_TRY(v.block, read_data_block(in));
      return Apdu(std::move(v));
    }
    default: {
      AMITY_TRY(const DataBlock block, read_data_block(in));
      return Apdu(ActionRequestWithBlock{invoke, block});
    }
  }
}

Result<Apdu> read_action_response(ByteReader& in) {
  AMITY_TRY(const std::uint8_t choice, in.u8());
  if (choice < 1 || choice > 4) return unknown_choice(in, "action-response", choice);
  AMITY_TRY(const InvokeId invoke, read_invoke_id(in));
  switch (choice) {
    case 1: {
      AMITY_TRY(const ActionResponseItem item, read_action_response_item(in));
      return Apdu(ActionResponseNormal{invoke, item});
    }
    case 2: {
      AMITY_TRY(const DataBlock block, read_data_block(in));
      return Apdu(ActionResponseWithBlock{invoke, block});
    }
    case 3: {
      ActionResponseWithList v;
      v.invoke = invoke;
      AMITY_TRY(v.responses, read_list(in, read_action_response_item));
      return Apdu(std::move(v));
    }
    default: {
      AMITY_TRY(const std::uint32_t block, in.u32());
      return Apdu(ActionResponseNextBlock{invoke, block});
    }
  }
}

}  // namespace amity::dlms
