// SET service. encode() appends the whole APDU, tag included.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wire/dlms/get.h"
#include "wire/dlms/types.h"

namespace amity::dlms {

struct SetRequestNormal {
  InvokeId invoke;
  AttributeRef attribute;
  std::optional<SelectiveAccess> access;
  ByteView data;
};

// DataBlock-SA: a piece of the encoded value.
struct DataBlock {
  bool last_block = false;
  std::uint32_t block_number = 0;  // from 1
  ByteView raw_data;
};

struct SetRequestWithFirstDataBlock {
  InvokeId invoke;
  AttributeRef attribute;
  std::optional<SelectiveAccess> access;
  DataBlock block;
};

struct SetRequestWithDataBlock {
  InvokeId invoke;
  DataBlock block;
};

struct SetRequestWithList {
  InvokeId invoke;
  std::vector<AttributeWithAccess> items;
  std::vector<ByteView> values;  // encoded, one per item
};

struct SetRequestWithListAndFirstDataBlock {
  InvokeId invoke;
  std::vector<AttributeWithAccess> items;
  DataBlock block;
};

struct SetResponseNormal {
  InvokeId invoke;
  DataAccessResult result = DataAccessResult::kSuccess;
};

struct SetResponseDataBlock {
  InvokeId invoke;
  std::uint32_t block_number = 0;
};

struct SetResponseLastDataBlock {
  InvokeId invoke;
  DataAccessResult result = DataAccessResult::kSuccess;
  std::uint32_t block_number = 0;
};

struct SetResponseLastDataBlockWithList {
  InvokeId invoke;
  std::vector<DataAccessResult> results;
  std::uint32_t block_number = 0;
};

struct SetResponseWithList {
  InvokeId invoke;
  std::vector<DataAccessResult> results;
};

void encode(const SetRequestNormal& apdu, Bytes& out);
void encode(const SetRequestWithFirstDataBlock& apdu, Bytes& out);
void encode(const SetRequestWithDataBlock& apdu, Bytes& out);
void encode(const SetRequestWithList& apdu, Bytes& out);
void encode(const SetRequestWithListAndFirstDataBlock& apdu, Bytes& out);
void encode(const SetResponseNormal& apdu, Bytes& out);
void encode(const SetResponseDataBlock& apdu, Bytes& out);
void encode(const SetResponseLastDataBlock& apdu, Bytes& out);
void encode(const SetResponseLastDataBlockWithList& apdu, Bytes& out);
void encode(const SetResponseWithList& apdu, Bytes& out);

Result<DataBlock> read_data_block(ByteReader& in);
void write(ByteWriter& out, const DataBlock& block);
// The reassembled blocks of a SET with list: count, then the values.
Result<std::vector<ByteView>> read_value_list(ByteReader& in);

}  // namespace amity::dlms
