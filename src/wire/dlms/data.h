// A decoded DLMS value as a flat tree over the input: one 16-byte node per value, in document
// order. Strings stay in the input, which must outlive the tree; numbers are in the node. A tree is
// reused: parse() allocates only while it grows. Compact arrays are expanded into the same nodes as
// an array of structures.
#pragma once

#include <bit>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "wire/dlms/data_type.h"
#include "wire/dlms/limits.h"

namespace amity::dlms {

class DataTree;

// Cheap to copy; valid until its tree parses again, or the tree or the input goes away.
class DataView {
 public:
  struct Node {
    DataType type;
    std::uint32_t count;  // children, or bytes (bits for a bit string)
    union {
      std::int64_t number;   // integers, bool, enum, bcd, delta; raw bits of floats
      std::uint64_t offset;  // of the content in the input
      std::uint64_t next;    // containers: index of the first node behind the last descendant
    };
  };

  DataView() = default;
  DataView(const DataTree* tree, std::uint32_t index) : tree_(tree), index_(index) {}

  bool valid() const { return tree_ != nullptr; }
  DataType type() const { return node().type; }
  bool is_null() const { return type() == DataType::kNull; }
  bool is_container() const;
  bool is_integer() const;  // any integer, bool, enum, bcd or delta
  bool is_bytes() const;    // octet, visible, utf8 string, date-time, date, time, bit string

  // Any integer type; uint64 above int64's range is an error, as is every other type.
  Result<std::int64_t> as_int() const;
  Result<std::uint64_t> as_uint() const;
  Result<bool> as_bool() const;
  Result<double> as_double() const;  // floats and integers
  Result<ByteView> as_bytes() const;
  std::size_t bit_count() const { return node().count; }

  // Without checks beyond assertions, for callers that looked at type().
  std::int64_t number() const { return node().number; }
  ByteView bytes() const;
  std::string_view text() const { return as_text(bytes()); }

  // Children of a container; 0 for every other type.
  std::size_t size() const { return is_container() ? node().count : 0; }
  // Walks the siblings: O(i). An error when there is no such child.
  Result<DataView> at(std::size_t i) const;

  class Iterator {
   public:
    using value_type = DataView;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(const DataTree* tree, std::uint32_t index) : tree_(tree), index_(index) {}
    DataView operator*() const { return {tree_, index_}; }
    Iterator& operator++();
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

   private:
    const DataTree* tree_ = nullptr;
    std::uint32_t index_ = 0;
  };
  Iterator begin() const { return {tree_, index_ + 1}; }  // containers only
  Iterator end() const;

  const Node& node() const;

 private:
  const DataTree* tree_ = nullptr;
  std::uint32_t index_ = 0;
};

class DataTree {
 public:
  // Parses one value that fills `input` entirely. Errors carry the offset in `input`.
  Status parse(ByteView input);
  // Parses one value at the front of `input` and says how many bytes it took.
  Result<std::size_t> parse_prefix(ByteView input);

  bool empty() const { return count_ == 0; }
  DataView root() const { return {this, 0}; }  // after a successful parse
  std::size_t node_count() const { return count_; }
  ByteView input() const { return input_; }

 private:
  friend class DataView;
  friend class TreeParser;
  std::vector<DataView::Node>
      nodes_;  // the first count_ are in use; the rest is kept for the next parse
  std::size_t count_ = 0;
  ByteView input_;
};

// Advances over one encoded value and returns its bytes, without building a tree.
Result<ByteView> take_data(ByteReader& in);

inline const DataView::Node& DataView::node() const {
  return tree_->nodes_[index_];
}

inline bool DataView::is_container() const {
  const DataType t = type();
  return t == DataType::kArray || t == DataType::kStructure || t == DataType::kCompactArray;
}

inline ByteView DataView::bytes() const {
  const Node& n = node();
  const std::size_t size =
      n.type == DataType::kBitString ? (std::size_t{n.count} + 7) / 8 : n.count;
  return tree_->input_.subspan(n.offset, size);
}

inline DataView::Iterator& DataView::Iterator::operator++() {
  const DataView view(tree_, index_);
  index_ = view.is_container() ? static_cast<std::uint32_t>(view.node().next) : index_ + 1;
  return *this;
}

inline DataView::Iterator DataView::end() const {
  return {tree_, is_container() ? static_cast<std::uint32_t>(node().next) : index_ + 1};
}

}  // namespace amity::dlms
