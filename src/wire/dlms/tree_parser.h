// The parser behind DataTree. Private to this room.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wire/dlms/data.h"

namespace amity::dlms {

// Bytes of the content of a type without length field; -1 for types that have one, containers and
// unknown tags.
constexpr int fixed_size(DataType type) {
  switch (type) {
    case DataType::kNull:
    case DataType::kDontCare:
      return 0;
    case DataType::kBool:
    case DataType::kBcd:
    case DataType::kInt8:
    case DataType::kUint8:
    case DataType::kEnum:
    case DataType::kDeltaInt8:
    case DataType::kDeltaUint8:
      return 1;
    case DataType::kInt16:
    case DataType::kUint16:
    case DataType::kDeltaInt16:
    case DataType::kDeltaUint16:
      return 2;
    case DataType::kInt32:
    case DataType::kUint32:
    case DataType::kFloat32:
    case DataType::kTime:
    case DataType::kDeltaInt32:
    case DataType::kDeltaUint32:
      return 4;
    case DataType::kDate:
      return 5;
    case DataType::kInt64:
    case DataType::kUint64:
    case DataType::kFloat64:
      return 8;
    case DataType::kDateTime:
      return 12;
    default:
      return -1;
  }
}

class TreeParser {
 public:
  TreeParser(DataTree& tree, ByteView input);

  Result<std::size_t> parse();

 private:
  using Node = DataView::Node;

  // One entry of a compact array's type description, in document order.
  struct Description {
    DataType type = DataType::kNull;
    std::uint32_t count = 0;   // elements of an array, members of a structure
    std::uint32_t next = 0;    // index behind the last descendant
    std::size_t size_min = 0;  // bytes of one value at least
  };
  struct Descriptions;

  struct OpenContainer {
    std::uint32_t node;
    std::uint32_t remaining;
  };

  bool parse_any();
  void parse_run();
  void close();
  bool parse_value(std::uint8_t tag, Node& node, bool& container);
  bool parse_container(Node& node);
  bool parse_bytes(DataType type, Node& node, std::size_t size);
  template <class T>
  bool parse_number(DataType type, Node& node);
  bool parse_compact_array(std::uint32_t at);
  bool parse_description(Descriptions& all, std::size_t depth);
  bool parse_described(const Descriptions& all, std::uint32_t index);
  bool parse_described_container(const Descriptions& all, std::uint32_t index, std::uint32_t at);

  bool read_count(std::size_t& count);
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  bool add(const Node& node, std::uint32_t& index);
  bool fail(ErrorCode code, const char* reason);
  bool truncated() { return fail(ErrorCode::kTruncated, "the value ends early"); }

  DataTree& tree_;
  std::size_t depth_ = 0;
  std::array<OpenContainer, kDataDepthMax> open_;  // the first depth_ are in use
  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  ErrorCode code_ = ErrorCode::kMalformed;
  std::size_t error_offset_ = 0;
  const char* reason_ = "";
};

}  // namespace amity::dlms
