// Short-name referencing: Read, Write, UnconfirmedWrite, InformationReport. encode() appends the
// APDU, tag included.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "wire/dlms/types.h"

namespace amity::dlms {

// Variable-Access-Specification.
struct VariableName {
  std::uint16_t name = 0;
};
struct ParameterizedAccess {
  std::uint16_t name = 0;
  std::uint8_t selector = 0;
  ByteView parameter;  // encoded value
};
struct BlockNumberAccess {
  std::uint16_t block_number = 0;
};
struct ReadDataBlockAccess {
  bool last_block = false;
  std::uint16_t block_number = 0;
  ByteView raw_data;
};
struct WriteDataBlockAccess {
  bool last_block = false;
  std::uint16_t block_number = 0;
};
using VariableAccess = std::variant<VariableName, ParameterizedAccess, BlockNumberAccess,
                                    ReadDataBlockAccess, WriteDataBlockAccess>;

struct ReadRequest {
  std::vector<VariableAccess> items;
};

struct SnDataBlockResult {
  bool last_block = false;
  std::uint16_t block_number = 0;
  ByteView raw_data;
};
struct SnBlockNumber {
  std::uint16_t block_number = 0;
};
using ReadResult = std::variant<DataOrResult, SnDataBlockResult, SnBlockNumber>;

struct ReadResponse {
  std::vector<ReadResult> results;
};

struct WriteRequest {
  std::vector<VariableAccess> items;
  std::vector<ByteView> values;  // encoded
};

struct WriteResult {
  DataAccessResult result = DataAccessResult::kSuccess;
  std::optional<std::uint16_t> block_number;  // next block asked for
};

struct WriteResponse {
  std::vector<WriteResult> results;
};

struct UnconfirmedWriteRequest {
  std::vector<VariableAccess> items;
  std::vector<ByteView> values;
};

struct InformationReport {
  ByteView current_time;  // GeneralizedTime text, empty where absent
  std::vector<VariableAccess> items;
  std::vector<ByteView> values;
};

void encode(const ReadRequest& apdu, Bytes& out);
void encode(const ReadResponse& apdu, Bytes& out);
void encode(const WriteRequest& apdu, Bytes& out);
void encode(const WriteResponse& apdu, Bytes& out);
void encode(const UnconfirmedWriteRequest& apdu, Bytes& out);
void encode(const InformationReport& apdu, Bytes& out);

}  // namespace amity::dlms
