#include "wire/dlms/set.h"

#include "wire/dlms/data.h"
#include "wire/dlms/data_value.h"
#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

void write(ByteWriter& out, const std::vector<DataAccessResult>& results) {
  write_length(out, results.size());
  for (DataAccessResult result : results) out.u8(static_cast<std::uint8_t>(result));
}

}  // namespace

Result<DataBlock> read_data_block(ByteReader& in) {
  DataBlock block;
  AMITY_TRY(block.last_block, read_bool(in));
  AMITY_TRY(block.block_number, in.u32());
  AMITY_TRY(block.raw_data, read_octet_string(in));
  return block;
}

void write(ByteWriter& out, const DataBlock& block) {
  out.u8(block.last_block ? 1 : 0);
  out.u32(block.block_number);
  write_octet_string(out, block.raw_data);
}

Result<std::vector<ByteView>> read_value_list(ByteReader& in) {
  return read_list(in, take_data);
}

void write(ByteWriter& out, const std::vector<ByteView>& encoded_values) {
  write_length(out, encoded_values.size());
  for (ByteView value : encoded_values) out.bytes(value);
}

void encode(const SetRequestNormal& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kSetRequest, 1, v.invoke);
  write(w, v.attribute);
  write(w, v.access);
  w.bytes(v.data);
}

void encode(const SetRequestWithFirstDataBlock& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kSetRequest, 2, v.invoke);
  write(w, v.attribute);
  write(w, v.access);
  write(w, v.block);
}

void encode(const SetRequestWithDataBlock& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kSetRequest, 3, v.invoke);
  write(w, v.block);
}

void encode(const SetRequestWithList& v, Bytes& out) {
  AMITY_ASSERT(v.items.size() == v.values.size());
  ByteWriter w = begin(out, ApduTag::kSetRequest, 4, v.invoke);
  write(w, v.items);
  write(w, v.values);
}

void encode(const SetRequestWithListAndFirstDataBlock& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kSetRequest, 5, v.invoke);
  write(w, v.items);
  write(w, v.block);
}

void encode(const SetResponseNormal& v, Bytes& out) {
  begin(out, ApduTag::kSetResponse, 1, v.invoke).u8(static_cast<std::uint8_t>(v.result));
}

void encode(const SetResponseDataBlock& v, Bytes& out) {
  begin(out, ApduTag::kSetResponse, 2, v.invoke).u32(v.block_number);
}

void encode(const SetResponseLastDataBlock& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kSetResponse, 3, v.invoke);
  w.u8(static_cast<std::uint8_t>(v.result));
  w.u32(v.block_number);
}

void encode(const SetResponseLastDataBlockWithList& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kSetResponse, 4, v.invoke);
  write(w, v.results);
  w.u32(v.block_number);
}

void encode(const SetResponseWithList& v, Bytes& out) {
  ByteWriter w = begin(out, ApduTag::kSetResponse, 5, v.invoke);
  write(w, v.results);
}

namespace {

Result<Apdu> read_set_with_list(ByteReader& in, InvokeId invoke) {
  SetRequestWithList v;
  v.invoke = invoke;
  AMITY_TRY(v.items, read_attribute_list(in));
  AMITY_TRY(v.values, read_value_list(in));
  if (v.items.size() != v.values.size()) {
    return in.malformed(std::to_string(v.values.size()) + " values for " +
                        std::to_string(v.items.size()) + " attributes");
  }
  return Apdu(std::move(v));
}

}  // namespace

Result<Apdu> read_set_request(ByteReader& in) {
  AMITY_TRY(const std::uint8_t choice, in.u8());
  if (choice < 1 || choice > 5) return unknown_choice(in, "set-request", choice);
  AMITY_TRY(const InvokeId invoke, read_invoke_id(in));
  switch (choice) {
    case 1: {
      SetRequestNormal v;
      v.invoke = invoke;
      AMITY_TRY(v.attribute, read_attribute_ref(in));
      AMITY_TRY(v.access, read_selective_access(in));
      AMITY_TRY(v.data, take_data(in));
      return Apdu(v);
    }
    case 2: {
      SetRequestWithFirstDataBlock v;
      v.invoke = invoke;
      AMITY_TRY(v.attribute, read_attribute_ref(in));
      AMITY_TRY(v.access, read_selective_access(in));
      AMITY_TRY(v.block, read_data_block(in));
      return Apdu(v);
    }
    case 3: {
      SetRequestWithDataBlock v;
      v.invoke = invoke;
      AMITY_TRY(v.block, read_data_block(in));
      return Apdu(v);
    }
    case 4:
      return read_set_with_list(in, invoke);
    default: {
      SetRequestWithListAndFirstDataBlock v;
      v.invoke = invoke;
      AMITY_TRY(v.items, read_attribute_list(in));
      AMITY_TRY(v.block, read_data_block(in));
      return Apdu(std::move(v));
    }
  }
}

Result<Apdu> read_set_response(ByteReader& in) {
  AMITY_TRY(const std::uint8_t choice, in.u8());
  if (choice < 1 || choice > 5) return unknown_choice(in, "set-response", choice);
  AMITY_TRY(const InvokeId invoke, read_invoke_id(in));
  switch (choice) {
    case 1: {
      AMITY_TRY(const DataAccessResult result, read_data_access_result(in));
      return Apdu(SetResponseNormal{invoke, result});
    }
    case 2: {
      AMITY_TRY(const std::uint32_t block, in.u32());
      return Apdu(SetResponseDataBlock{invoke, block});
    }
    case 3: {
      AMITY_TRY(const DataAccessResult result, read_data_access_result(in));
      AMITY_TRY(const std::uint32_t block, in.u32());
      return Apdu(SetResponseLastDataBlock{invoke, result, block});
    }
    case 4: {
      SetResponseLastDataBlockWithList v;
      v.invoke = invoke;
      AMITY_TRY(v.results, read_list(in, read_data_access_result));
      AMITY_TRY(v.block_number, in.u32());
      return Apdu(std::move(v));
    }
    default: {
      SetResponseWithList v;
      v.invoke = invoke;
      AMITY_TRY(v.results, read_list(in, read_data_access_result));
      return Apdu(std::move(v));
    }
  }
}

}  // namespace amity::dlms
