// GET service. encode() appends the whole APDU, tag included.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wire/dlms/types.h"

namespace amity::dlms {

struct GetRequestNormal {
  InvokeId invoke;
  AttributeRef attribute;
  std::optional<SelectiveAccess> access;
};

struct GetRequestNext {
  InvokeId invoke;
  std::uint32_t block_number = 0;  // the block received last
};

struct AttributeWithAccess {
  AttributeRef attribute;
  std::optional<SelectiveAccess> access;
};

struct GetRequestWithList {
  InvokeId invoke;
  std::vector<AttributeWithAccess> items;
};

struct GetResponseNormal {
  InvokeId invoke;
  DataOrResult result;
};

struct GetResponseWithDataBlock {
  InvokeId invoke;
  bool last_block = false;
  std::uint32_t block_number = 0;  // from 1
  DataAccessResult result = DataAccessResult::kSuccess;
  ByteView raw_data;  // on success: a piece of the encoded value (or of the list of results)
};

struct GetResponseWithList {
  InvokeId invoke;
  std::vector<DataOrResult> results;
};

void encode(const GetRequestNormal& apdu, Bytes& out);
void encode(const GetRequestNext& apdu, Bytes& out);
void encode(const GetRequestWithList& apdu, Bytes& out);
void encode(const GetResponseNormal& apdu, Bytes& out);
void encode(const GetResponseWithDataBlock& apdu, Bytes& out);
void encode(const GetResponseWithList& apdu, Bytes& out);

// The reassembled blocks of a with-list response: count, then the results.
Result<std::vector<DataOrResult>> read_result_list(ByteReader& in);

}  // namespace amity::dlms
