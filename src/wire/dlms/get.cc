#include "wire/dlms/get.h"

#include "wire/dlms/data.h"
#include "wire/dlms/data_value.h"
#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

Result<AttributeWithAccess> read_attribute_with_access(ByteReader& in) {
  AttributeWithAccess item;
  AMITY_TRY(item.attribute, read_attribute_ref(in));
  AMITY_TRY(item.access, read_selective_access(in));
  return item;
}

}  // namespace

void encode(const GetRequestNormal& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kGetRequest, 1, v.invoke);
  write(w, v.attribute);
  write(w, v.access);
}

void encode(const GetRequestNext& v, Bytes& out) {
  begin(out, ApduTag::kGetRequest, 2, v.invoke).u32(v.block_number);
}

void encode(const GetRequestWithList& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kGetRequest, 3, v.invoke);
  write(w, v.items);
}

void encode(const GetResponseNormal& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kGetResponse, 1, v.invoke);
  write(w, v.result);
}

void encode(const GetResponseWithDataBlock& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kGetResponse, 2, v.invoke);
  w.u8(v.last_block ? 1 : 0);
  w.u32(v.block_number);
  if (v.result == DataAccessResult::kSuccess) {
    w.u8(0);
    write_octet_string(w, v.raw_data);
  } else {
    w.u8(1);
    w.u8(static_cast<std::uint8_t>(v.result));
  }
}

void encode(const GetResponseWithList& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kGetResponse, 3, v.invoke);
  write_length(w, v.results.size());
  for (const DataOrResult& result : v.results) write(w, result);
}

Result<std::vector<AttributeWithAccess>> read_attribute_list(ByteReader& in) {
  return read_list(in, read_attribute_with_access);
}

void write(ByteWriter& out, const std::vector<AttributeWithAccess>& items) {
  write_length(out, items.size());
  for (const AttributeWithAccess& item : items) {
    write(out, item.attribute);
    write(out, item.access);
  }
}

Result<std::vector<DataOrResult>> read_result_list(ByteReader& in) {
  return read_list(in, read_data_or_result);
}

Result<Apdu> read_get_request(ByteReader& in) {
  AMITY_TRY(const std::uint8_t choice, in.u8());
  switch (choice) {
    case 1: {
      GetRequestNormal v;
      AMITY_TRY(v.invoke, read_invoke_id(in));
      AMITY_TRY(v.attribute, read_attribute_ref(in));
      AMITY_TRY(v.access, read_selective_access(in));
      return Apdu(v);
    }
    case 2: {
      GetRequestNext v;
      AMITY_TRY(v.invoke, read_invoke_id(in));
      AMITY_TRY(v.block_number, in.u32());
      return Apdu(v);
    }
    case 3: {
      GetRequestWithList v;
      AMITY_TRY(v.invoke, read_invoke_id(in));
      AMITY_TRY(v.items, read_attribute_list(in));
      return Apdu(std::move(v));
    }
    default:
      return unknown_choice(in, "get-request", choice);
  }
}

Result<Apdu> read_get_response(ByteReader& in) {
  AMITY_TRY(const std::uint8_t choice, in.u8());
  switch (choice) {
    case 1: {
      GetResponseNormal v;
      AMITY_TRY(v.invoke, read_invoke_id(in));
      AMITY_TRY(v.result, read_data_or_result(in));
      return Apdu(v);
    }
    case 2: {
      GetResponseWithDataBlock v;
      AMITY_TRY(v.invoke, read_invoke_id(in));
      AMITY_TRY(v.last_block, read_bool(in));
      AMITY_TRY(v.block_number, in.u32());
      AMITY_TRY(const std::uint8_t kind, in.u8());
      if (kind == 0) {
        AMITY_TRY(v.raw_data, read_octet_string(in));
      } else if (kind == 1) {
        AMITY_TRY(v.result, read_data_access_result(in));
        if (v.result == DataAccessResult::kSuccess)
          return in.malformed("a failed block with result success");
      } else {
        return unknown_choice(in, "get-response-with-data-block result", kind);
      }
      return Apdu(v);
    }
    case 3: {
      GetResponseWithList v;
      AMITY_TRY(v.invoke, read_invoke_id(in));
      AMITY_TRY(v.results, read_result_list(in));
      return Apdu(std::move(v));
    }
    default:
      return unknown_choice(in, "get-response", choice);
  }
}

}  // namespace amity::dlms
