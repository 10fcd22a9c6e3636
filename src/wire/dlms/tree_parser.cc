#include "wire/dlms/tree_parser.h"

#include <algorithm>
#include <array>

namespace amity::dlms {
namespace {

// Written out so that the compiler sees a load and a byte swap.
template <class T>
inline std::int64_t load(const std::uint8_t* p) {
  if constexpr (sizeof(T) == 1) {
    return static_cast<T>(p[0]);
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(p[0] << 8 | p[1]);
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 |
                          std::uint32_t{p[2]} << 8 | p[3]);
  } else {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(load<std::uint32_t>(p)) << 32 |
                                     static_cast<std::uint64_t>(load<std::uint32_t>(p + 4)));
  }
}

// A number at `p`, where 9 bytes are readable; the bytes it takes, 0 for what is no common number.
[[gnu::always_inline]] inline std::size_t common_number(DataType type, const std::uint8_t* p,
                                                        DataView::Node& node) {
  using Node = DataView::Node;
  switch (type) {
    case DataType::kUint32:
      node = Node{type, 0, {load<std::uint32_t>(p + 1)}};
      return 5;
    case DataType::kInt32:
      node = Node{type, 0, {load<std::int32_t>(p + 1)}};
      return 5;
    case DataType::kUint16:
      node = Node{type, 0, {load<std::uint16_t>(p + 1)}};
      return 3;
    case DataType::kInt16:
      node = Node{type, 0, {load<std::int16_t>(p + 1)}};
      return 3;
    case DataType::kUint64:
    case DataType::kInt64:
      node = Node{type, 0, {load<std::int64_t>(p + 1)}};
      return 9;
    case DataType::kUint8:
    case DataType::kEnum:
      node = Node{type, 0, {p[1]}};
      return 2;
    case DataType::kNull:
      node = Node{type, 0, {0}};
      return 1;
    default:
      return 0;
  }
}

}  // namespace

struct TreeParser::Descriptions {
  std::array<Description, kTypeDescriptionNodesMax> items;
  std::uint32_t size = 0;
};

TreeParser::TreeParser(DataTree& tree, ByteView input)
    : tree_(tree), begin_(input.data()), at_(input.data()), end_(input.data() + input.size()) {
  tree_.count_ = 0;
  tree_.input_ = input;
}

bool TreeParser::fail(ErrorCode code, const char* reason) {
  code_ = code;
  error_offset_ = static_cast<std::size_t>(at_ - begin_);
  reason_ = reason;
  return false;
}

inline bool TreeParser::add(const Node& node, std::uint32_t& index) {
  if (tree_.count_ == tree_.nodes_.size()) {
    if (tree_.count_ >= kDataNodesMax) return fail(ErrorCode::kLimit, "too many values");
    tree_.nodes_.resize(std::min(kDataNodesMax, std::max<std::size_t>(64, tree_.count_ * 2)));
  }
  index = static_cast<std::uint32_t>(tree_.count_++);
  tree_.nodes_[index] = node;
  return true;
}

inline bool TreeParser::read_count(std::size_t& count) {
  if (at_ == end_) return truncated();
  const std::uint8_t first = *at_;
  if (first < 0x80) {
    ++at_;
    count = first;
    return true;
  }
  const std::size_t width = first & 0x7F;
  if (width == 0 || width > 4) return fail(ErrorCode::kMalformed, "length field of unusual size");
  if (remaining() < 1 + width) return truncated();
  ++at_;
  count = 0;
  for (std::size_t i = 0; i < width; ++i) count = count << 8 | *at_++;
  return true;
}

inline bool TreeParser::parse_bytes(DataType type, Node& node, std::size_t size) {
  if (remaining() < size) return fail(ErrorCode::kTruncated, "a string is longer than the input");
  node.type = type;
  node.offset = static_cast<std::uint64_t>(at_ - begin_);
  at_ += size;
  return true;
}

template <class T>
inline bool TreeParser::parse_number(DataType type, Node& node) {
  if (remaining() < sizeof(T)) return truncated();
  node = Node{type, 0, {load<T>(at_)}};
  at_ += sizeof(T);
  return true;
}

// Reads the common values at the front with everything in registers, until one needs the general
// path: a compact array, a long length, a full node table, the end of the input, the last value of
// the outermost container.
void TreeParser::parse_run() {
  const std::uint8_t* p = at_;
  const std::uint8_t* const end = end_;
  Node* const nodes = tree_.nodes_.data();
  Node* node = nodes + tree_.count_;
  Node* const nodes_end = nodes + tree_.nodes_.size();
  OpenContainer* open = &open_[depth_ - 1];
  std::uint32_t pending = open->remaining;
  for (;;) {
    if (pending == 0) {
      if (open == &open_[0]) break;
      nodes[open->node].next = static_cast<std::uint64_t>(node - nodes);
      --open;
      pending = --open->remaining;
      continue;
    }
    if (node == nodes_end || end - p <= 8) break;  // the largest number here, and its tag
    const auto type = static_cast<DataType>(*p);
    switch (type) {
      case DataType::kOctetString:
        if (p[1] >= 0x80 || p[1] + 2 > end - p) goto general;
        *node = Node{type, p[1], {p + 2 - begin_}};
        p += 2 + p[1];
        break;
      case DataType::kStructure:
        if (p[1] == 0 || p[1] >= 0x80 || p[1] + 2 > end - p || open == &open_[kDataDepthMax - 1])
          goto general;
        *node = Node{type, p[1], {0}};
        open->remaining = pending;
        ++open;
        open->node = static_cast<std::uint32_t>(node - nodes);
        pending = p[1];
        p += 2;
        ++node;
        continue;
      default: {
        const std::size_t size = common_number(type, p, *node);
        if (size == 0) goto general;
        p += size;
      }
    }
    ++node;
    --pending;
  }
general:
  open->remaining = pending;
  depth_ = static_cast<std::size_t>(open - &open_[0]) + 1;
  at_ = p;
  tree_.count_ = static_cast<std::size_t>(node - nodes);
}

inline bool TreeParser::parse_container(Node& node) {
  std::size_t count = 0;
  if (!read_count(count)) return false;
  if (count > remaining()) return fail(ErrorCode::kTruncated, "more elements than bytes");
  node.count = static_cast<std::uint32_t>(count);
  node.next = 0;
  return true;
}

// The tag is consumed. Compact arrays are not handled here: they add nodes of their own.
[[gnu::always_inline]] inline bool TreeParser::parse_value(std::uint8_t tag, Node& node,
                                                           bool& container) {
  const auto type = static_cast<DataType>(tag);
  std::size_t count = 0;
  switch (type) {
    case DataType::kArray:
    case DataType::kStructure:
      node.type = type;
      container = true;
      return parse_container(node);
    case DataType::kOctetString:
    case DataType::kVisibleString:
    case DataType::kUtf8String:
      if (!read_count(count)) return false;
      node.count = static_cast<std::uint32_t>(count);
      return parse_bytes(type, node, count);
    case DataType::kBitString:
      if (!read_count(count)) return false;
      node.count = static_cast<std::uint32_t>(count);
      return parse_bytes(type, node, (count + 7) / 8);
    case DataType::kDateTime:
    case DataType::kDate:
    case DataType::kTime:
      node.count = static_cast<std::uint32_t>(fixed_size(type));
      return parse_bytes(type, node, node.count);
    case DataType::kInt32:
    case DataType::kDeltaInt32:
      return parse_number<std::int32_t>(type, node);
    case DataType::kUint32:
    case DataType::kDeltaUint32:
    case DataType::kFloat32:
      return parse_number<std::uint32_t>(type, node);
    case DataType::kInt16:
    case DataType::kDeltaInt16:
      return parse_number<std::int16_t>(type, node);
    case DataType::kUint16:
    case DataType::kDeltaUint16:
      return parse_number<std::uint16_t>(type, node);
    case DataType::kInt64:
    case DataType::kUint64:
    case DataType::kFloat64:
      return parse_number<std::int64_t>(type, node);
    case DataType::kInt8:
    case DataType::kDeltaInt8:
      return parse_number<std::int8_t>(type, node);
    case DataType::kBool:
    case DataType::kBcd:
    case DataType::kUint8:
    case DataType::kDeltaUint8:
    case DataType::kEnum:
      if (!parse_number<std::uint8_t>(type, node)) return false;
      if (type == DataType::kBool) node.number = node.number != 0;
      return true;
    case DataType::kNull:
    case DataType::kDontCare:
      node = Node{type, 0, {0}};
      return true;
    default:
      --at_;
      return fail(ErrorCode::kMalformed, "unknown data type");
  }
}

// The innermost container is complete; so may be those around it.
void TreeParser::close() {
  do {
    tree_.nodes_[open_[--depth_].node].next = tree_.count_;
  } while (depth_ != 0 && --open_[depth_ - 1].remaining == 0);
}

// One value of any kind; a container that has elements is left open.
bool TreeParser::parse_any() {
  if (at_ == end_) return truncated();
  const std::uint8_t tag = *at_++;
  Node node{DataType::kCompactArray, 0, {0}};
  std::uint32_t index = 0;
  bool container = false;
  if (tag == static_cast<std::uint8_t>(DataType::kCompactArray)) {
    if (depth_ == kDataDepthMax) return fail(ErrorCode::kLimit, "nested too deeply");
    if (!add(node, index) || !parse_compact_array(index)) return false;
  } else if (!parse_value(tag, node, container) || !add(node, index)) {
    return false;
  }
  if (container) {
    if (depth_ == kDataDepthMax) return fail(ErrorCode::kLimit, "nested too deeply");
    if (node.count != 0) {
      open_[depth_++] = {index, node.count};
      return true;
    }
    tree_.nodes_[index].next = index + 1;
  }
  if (depth_ != 0) --open_[depth_ - 1].remaining;
  return true;
}

Result<std::size_t> TreeParser::parse() {
  bool ok = remaining() <= kDataInputMax || fail(ErrorCode::kLimit, "the value is too large");
  while (ok && (ok = parse_any()) && depth_ != 0) {
    if (open_[depth_ - 1].remaining != 0) parse_run();
    if (open_[depth_ - 1].remaining == 0) close();
    if (depth_ == 0) break;
  }
  if (ok) return static_cast<std::size_t>(at_ - begin_);
  tree_.count_ = 0;
  return Error{code_, error_offset_, reason_};
}

// Type description, then the length of the contents, then elements without tags until the contents
// end.
bool TreeParser::parse_compact_array(std::uint32_t at) {
  Descriptions all;
  if (!parse_description(all, 0)) return false;
  std::size_t size = 0;
  if (!read_count(size)) return false;
  if (size > remaining())
    return fail(ErrorCode::kTruncated, "compact array is longer than the input");
  if (size != 0 && all.items[0].size_min == 0) {
    return fail(ErrorCode::kMalformed, "compact array of a type that takes no bytes");
  }
  const std::uint8_t* const outer_end = end_;
  end_ = at_ + size;
  std::uint32_t count = 0;
  while (at_ != end_) {
    if (!parse_described(all, 0)) return false;
    ++count;
  }
  end_ = outer_end;
  tree_.nodes_[at].count = count;
  tree_.nodes_[at].next = tree_.count_;
  return true;
}

bool TreeParser::parse_description(Descriptions& all, std::size_t depth) {
  if (all.size == all.items.size()) return fail(ErrorCode::kLimit, "type description is too long");
  if (depth >= kDataDepthMax)
    return fail(ErrorCode::kLimit, "type description is nested too deeply");
  if (at_ == end_) return truncated();
  const std::uint32_t index = all.size++;
  Description d;
  d.type = static_cast<DataType>(*at_++);
  switch (d.type) {
    case DataType::kArray:
      if (remaining() < 2) return truncated();
      d.count = static_cast<std::uint32_t>(at_[0] << 8 | at_[1]);
      at_ += 2;
      if (!parse_description(all, depth + 1)) return false;
      if (all.items[index + 1].size_min == 0) {
        return fail(ErrorCode::kMalformed, "array of a type that takes no bytes");
      }
      d.size_min = d.count * all.items[index + 1].size_min;
      break;
    case DataType::kStructure: {
      std::size_t count = 0;
      if (!read_count(count)) return false;
      if (count > kTypeDescriptionNodesMax)
        return fail(ErrorCode::kLimit, "structure is too large");
      d.count = static_cast<std::uint32_t>(count);
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t member = all.size;
        if (!parse_description(all, depth + 1)) return false;
        d.size_min += all.items[member].size_min;
      }
      break;
    }
    case DataType::kBitString:
    case DataType::kOctetString:
    case DataType::kVisibleString:
    case DataType::kUtf8String:
      d.size_min = 1;
      break;
    default:
      if (fixed_size(d.type) < 0) {
        --at_;
        return fail(ErrorCode::kMalformed, "unknown data type in a type description");
      }
      d.size_min = static_cast<std::size_t>(fixed_size(d.type));
  }
  d.next = all.size;
  all.items[index] = d;
  return true;
}

bool TreeParser::parse_described(const Descriptions& all, std::uint32_t index) {
  const Description& d = all.items[index];
  Node node{d.type, 0, {0}};
  std::uint32_t at = 0;
  if (d.type == DataType::kArray || d.type == DataType::kStructure) {
    node.count = d.count;
    return add(node, at) && parse_described_container(all, index, at);
  }
  bool container = false;
  return parse_value(static_cast<std::uint8_t>(d.type), node, container) && add(node, at);
}

bool TreeParser::parse_described_container(const Descriptions& all, std::uint32_t index,
                                           std::uint32_t at) {
  const Description& d = all.items[index];
  if (d.size_min > remaining()) return truncated();
  std::uint32_t member = index + 1;
  for (std::uint32_t i = 0; i < d.count; ++i) {
    if (!parse_described(all, member)) return false;
    if (d.type == DataType::kStructure) member = all.items[member].next;
  }
  tree_.nodes_[at].next = tree_.count_;
  return true;
}

}  // namespace amity::dlms
