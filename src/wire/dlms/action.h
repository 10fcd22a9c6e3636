// ACTION service. encode() appends the whole APDU, tag included.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wire/dlms/set.h"
#include "wire/dlms/types.h"

namespace amity::dlms {

struct ActionRequestNormal {
  InvokeId invoke;
  MethodRef method;
  std::optional<ByteView> parameters;  // encoded value
};

struct ActionRequestNextBlock {
  InvokeId invoke;
  std::uint32_t block_number = 0;
};

struct ActionRequestWithList {
  InvokeId invoke;
  std::vector<MethodRef> methods;
  std::vector<ByteView> parameters;  // encoded, one per method (null where there is none)
};

struct ActionRequestWithFirstBlock {
  InvokeId invoke;
  MethodRef method;
  DataBlock block;
};

struct ActionRequestWithListAndFirstBlock {
  InvokeId invoke;
  std::vector<MethodRef> methods;
  DataBlock block;
};

struct ActionRequestWithBlock {
  InvokeId invoke;
  DataBlock block;
};

struct ActionResponseItem {
  ActionResult result = ActionResult::kSuccess;
  std::optional<DataOrResult> returned;
};

struct ActionResponseNormal {
  InvokeId invoke;
  ActionResponseItem response;
};

struct ActionResponseWithBlock {
  InvokeId invoke;
  DataBlock block;
};

struct ActionResponseWithList {
  InvokeId invoke;
  std::vector<ActionResponseItem> responses;
};

struct ActionResponseNextBlock {
  InvokeId invoke;
  std::uint32_t block_number = 0;
};

void encode(const ActionRequestNormal& apdu, Bytes& out);
void encode(const ActionRequestNextBlock& apdu, Bytes& out);
void encode(const ActionRequestWithList& apdu, Bytes& out);
void encode(const ActionRequestWithFirstBlock& apdu, Bytes& out);
void encode(const ActionRequestWithListAndFirstBlock& apdu, Bytes& out);
void encode(const ActionRequestWithBlock& apdu, Bytes& out);
void encode(const ActionResponseNormal& apdu, Bytes& out);
void encode(const ActionResponseWithBlock& apdu, Bytes& out);
void encode(const ActionResponseWithList& apdu, Bytes& out);
void encode(const ActionResponseNextBlock& apdu, Bytes& out);

// One response with optional data: what the blocks of a long ACTION response carry.
Result<ActionResponseItem> read_action_response_item(ByteReader& in);
void write(ByteWriter& out, const ActionResponseItem& item);

}  // namespace amity::dlms
