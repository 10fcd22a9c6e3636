#include "wire/dlms/sn.h"

#include "wire/dlms/data.h"
#include "wire/dlms/data_value.h"
#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

enum Choice : std::uint8_t {
  kVariableName = 2,
  kParameterized = 4,
  kBlockNumber = 5,
  kReadDataBlock = 6,
  kWriteDataBlock = 7,
};

struct AccessEncoder {
  ByteWriter& out;

  void operator()(const VariableName& v) const {
    out.u8(kVariableName);
    out.u16(v.name);
  }
  void operator()(const ParameterizedAccess& v) const {
    out.u8(kParameterized);
    out.u16(v.name);
    out.u8(v.selector);
    out.bytes(v.parameter);
  }
  void operator()(const BlockNumberAccess& v) const {
    out.u8(kBlockNumber);
    out.u16(v.block_number);
  }
  void operator()(const ReadDataBlockAccess& v) const {
    out.u8(kReadDataBlock);
    out.u8(v.last_block ? 1 : 0);
    out.u16(v.block_number);
    write_octet_string(out, v.raw_data);
  }
  void operator()(const WriteDataBlockAccess& v) const {
    out.u8(kWriteDataBlock);
    out.u8(v.last_block ? 1 : 0);
    out.u16(v.block_number);
  }
};

void write_items(ByteWriter& out, const std::vector<VariableAccess>& items) {
  write_length(out, items.size());
  for (const VariableAccess& item : items) std::visit(AccessEncoder{out}, item);
}

Result<VariableAccess> read_variable_access(ByteReader& in) {
  AMITY_TRY(const std::uint8_t choice, in.u8());
  switch (choice) {
    case kVariableName: {
      AMITY_TRY(const std::uint16_t name, in.u16());
      return VariableAccess(VariableName{name});
    }
    case kParameterized: {
      ParameterizedAccess v;
      AMITY_TRY(v.name, in.u16());
      AMITY_TRY(v.selector, in.u8());
      AMITY_TRY(v.parameter, take_data(in));
      return VariableAccess(v);
    }
    case kBlockNumber: {
      AMITY_TRY(const std::uint16_t number, in.u16());
      return VariableAccess(BlockNumberAccess{number});
    }
    case kReadDataBlock: {
      ReadDataBlockAccess v;
      AMITY_TRY(v.last_block, read_bool(in));
      AMITY_TRY(v.block_number, in.u16());
      AMITY_TRY(v.raw_data, read_octet_string(in));
      return VariableAccess(v);
    }
    case kWriteDataBlock: {
      WriteDataBlockAccess v;
      AMITY_TRY(v.last_block, read_bool(in));
      AMITY_TRY(v.block_number, in.u16());
      return VariableAccess(v);
    }
    default:
      return unknown_choice(in, "variable-access-specification", choice);
  }
}

Result<std::vector<VariableAccess>> read_items(ByteReader& in) {
  AMITY_TRY(const std::size_t count, read_list_count(in));
  std::vector<VariableAccess> items(count);
  for (VariableAccess& item : items) {
    AMITY_TRY(item, read_variable_access(in));
  }
  return items;
}

struct ResultEncoder {
  ByteWriter& out;

  void operator()(const DataOrResult& v) const { write(out, v); }
  void operator()(const SnDataBlockResult& v) const {
    out.u8(2);
    out.u8(v.last_block ? 1 : 0);
    out.u16(v.block_number);
    write_octet_string(out, v.raw_data);
  }
  void operator()(const SnBlockNumber& v) const {
    out.u8(3);
    out.u16(v.block_number);
  }
};

Result<ReadResult> read_read_result(ByteReader& in) {
  AMITY_TRY(const std::uint8_t choice, in.peek());
  if (choice < 2) {
    AMITY_TRY(const DataOrResult result, read_data_or_result(in));
    return ReadResult(result);
  }
  AMITY_CHECK(in.skip(1));
  if (choice == 2) {
    SnDataBlockResult v;
    AMITY_TRY(v.last_block, read_bool(in));
    AMITY_TRY(v.block_number, in.u16());
    AMITY_TRY(v.raw_data, read_octet_string(in));
    return ReadResult(v);
  }
  if (choice == 3) {
    AMITY_TRY(const std::uint16_t number, in.u16());
    return ReadResult(SnBlockNumber{number});
  }
  return unknown_choice(in, "read-response", choice);
}

Result<WriteResult> read_write_result(ByteReader& in) {
  AMITY_TRY(const std::uint8_t choice, in.u8());
  WriteResult result;
  switch (choice) {
    case 0:
      return result;
    case 1: {
      AMITY_TRY(result.result, read_data_access_result(in));
      return result;
    }
    case 2: {
      AMITY_TRY(result.block_number, in.u16());
      return result;
    }
    default:
      return unknown_choice(in, "write-response", choice);
  }
}

template <class Request>
void encode_write(ApduTag tag, const Request& v, Bytes& out) {
  AMITY_ASSERT(v.items.size() == v.values.size());
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(tag));
  write_items(w, v.items);
  write(w, v.values);
}

// The list of values must fit the list of variables.
template <class Request>
Status read_items_and_values(ByteReader& in, Request& v) {
  AMITY_TRY(v.items, read_items(in));
  AMITY_TRY(v.values, read_value_list(in));
  if (v.items.size() != v.values.size()) {
    return in.malformed(std::to_string(v.values.size()) + " values for " +
                        std::to_string(v.items.size()) + " variables");
  }
  return {};
}

template <class Request>
Result<Apdu> read_write(ByteReader& in) {
  Request v;
  AMITY_CHECK(read_items_and_values(in, v));
  return Apdu(std::move(v));
}

Result<Apdu> read_read_response(ByteReader& in) {
  AMITY_TRY(const std::size_t count, read_list_count(in));
  ReadResponse v;
  v.results.resize(count);
  for (ReadResult& result : v.results) {
    AMITY_TRY(result, read_read_result(in));
  }
  return Apdu(std::move(v));
}

Result<Apdu> read_write_response(ByteReader& in) {
  AMITY_TRY(const std::size_t count, read_list_count(in));
  WriteResponse v;
  v.results.resize(count);
  for (WriteResult& result : v.results) {
    AMITY_TRY(result, read_write_result(in));
  }
  return Apdu(std::move(v));
}

}  // namespace

void encode(const ReadRequest& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kReadRequest));
  write_items(w, v.items);
}

void encode(const ReadResponse& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kReadResponse));
  write_length(w, v.results.size());
  for (const ReadResult& result : v.results) std::visit(ResultEncoder{w}, result);
}

void encode(const WriteRequest& v, Bytes& out) {
  encode_write(ApduTag::kWriteRequest, v, out);
}

void encode(const UnconfirmedWriteRequest& v, Bytes& out) {
  encode_write(ApduTag::kUnconfirmedWriteRequest, v, out);
}

void encode(const WriteResponse& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kWriteResponse));
  write_length(w, v.results.size());
  for (const WriteResult& result : v.results) {
    if (result.block_number) {
      w.u8(2);
      w.u16(*result.block_number);
    } else if (result.result == DataAccessResult::kSuccess) {
      w.u8(0);
    } else {
      w.u8(1);
      w.u8(static_cast<std::uint8_t>(result.result));
    }
  }
}

void encode(const InformationReport& v, Bytes& out) {
  AMITY_ASSERT(v.items.size() == v.values.size());
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kInformationReport));
  w.u8(v.current_time.empty() ? 0 : 1);
  if (!v.current_time.empty()) write_octet_string(w, v.current_time);
  write_items(w, v.items);
  write(w, v.values);
}

Result<Apdu> read_sn(ApduTag tag, ByteReader& in) {
  switch (tag) {
    case ApduTag::kReadRequest: {
      AMITY_TRY(auto items, read_items(in));
      return Apdu(ReadRequest{std::move(items)});
    }
    case ApduTag::kReadResponse:
      return read_read_response(in);
    case ApduTag::kWriteRequest:
      return read_write<WriteRequest>(in);
    case ApduTag::kWriteResponse:
      return read_write_response(in);
    case ApduTag::kUnconfirmedWriteRequest:
      return read_write<UnconfirmedWriteRequest>(in);
    default:
      break;
  }
  InformationReport v;
  AMITY_TRY(const bool has_time, read_bool(in));
  if (has_time) {
    AMITY_TRY(v.current_time, read_octet_string(in));
  }
  AMITY_CHECK(read_items_and_values(in, v));
  return Apdu(std::move(v));
}

}  // namespace amity::dlms
