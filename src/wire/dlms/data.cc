#include "wire/dlms/data.h"

#include <bit>
#include <limits>

#include "wire/dlms/data_value.h"
#include "wire/dlms/tree_parser.h"

namespace amity::dlms {
namespace {

Error not_a(std::string_view wanted, DataType got) {
  return make_error(ErrorCode::kMalformed,
                    "expected " + std::string(wanted) + ", found " + std::string(to_string(got)));
}

// Advances over a type description, without looking at its meaning.
Status skip_description(ByteReader& in) {
  std::size_t pending = 1;
  while (pending-- != 0) {
    AMITY_TRY(const std::uint8_t tag, in.u8());
    const auto type = static_cast<DataType>(tag);
    if (type == DataType::kArray) {
      AMITY_CHECK(in.skip(2));
      ++pending;
    } else if (type == DataType::kStructure) {
      AMITY_TRY(const std::size_t count, read_length(in));
      if (count > in.remaining()) return in.truncated(count);
      pending += count;
    }
  }
  return {};
}

}  // namespace

Result<std::size_t> DataTree::parse_prefix(ByteView input) { return TreeParser(*this, input).parse(); }

Status DataTree::parse(ByteView input) {
  AMITY_TRY(const std::size_t used, parse_prefix(input));
  if (used != input.size()) {
    count_ = 0;
    return make_error(ErrorCode::kMalformed, "bytes follow the value", used);
  }
  return {};
}

bool DataView::is_integer() const {
  switch (type()) {
    case DataType::kBool:
    case DataType::kBcd:
    case DataType::kEnum:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kUint8:
    case DataType::kUint16:
    case DataType::kUint32:
    case DataType::kUint64:
    case DataType::kDeltaInt8:
    case DataType::kDeltaInt16:
    case DataType::kDeltaInt32:
    case DataType::kDeltaUint8:
    case DataType::kDeltaUint16:
    case DataType::kDeltaUint32: return true;
    default: return false;
  }
}

bool DataView::is_bytes() const {
  switch (type()) {
    case DataType::kOctetString:
    case DataType::kVisibleString:
    case DataType::kUtf8String:
    case DataType::kBitString:
    case DataType::kDateTime:
    case DataType::kDate:
    case DataType::kTime: return true;
    default: return false;
  }
}

Result<std::int64_t> DataView::as_int() const {
  if (!is_integer()) return not_a("an integer", type());
  if (type() == DataType::kUint64 && number() < 0) {
    return make_error(ErrorCode::kLimit, "uint64 above the range of int64");
  }
  return number();
}

Result<std::uint64_t> DataView::as_uint() const {
  if (!is_integer()) return not_a("an unsigned integer", type());
  if (type() != DataType::kUint64 && number() < 0) {
    return make_error(ErrorCode::kMalformed, "negative where an unsigned integer was expected");
  }
  return static_cast<std::uint64_t>(number());
}

Result<bool> DataView::as_bool() const {
  if (type() != DataType::kBool) return not_a("a bool", type());
  return number() != 0;
}

Result<double> DataView::as_double() const {
  if (type() == DataType::kFloat32) {
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(number())));
  }
  if (type() == DataType::kFloat64) return std::bit_cast<double>(number());
  if (type() == DataType::kUint64) return static_cast<double>(static_cast<std::uint64_t>(number()));
  if (!is_integer()) return not_a("a number", type());
  return static_cast<double>(number());
}

Result<ByteView> DataView::as_bytes() const {
  if (!is_bytes()) return not_a("a string", type());
  return bytes();
}

Result<DataView> DataView::at(std::size_t i) const {
  if (i >= size()) {
    return make_error(ErrorCode::kMalformed, "no element " + std::to_string(i) + " among " +
                                                 std::to_string(size()));
  }
  Iterator it = begin();
  while (i-- != 0) ++it;
  return *it;
}

Result<ByteView> take_data(ByteReader& in) {
  const ByteView from = in.rest();
  const std::size_t start = in.position();
  std::size_t pending = 1;
  while (pending-- != 0) {
    AMITY_TRY(const std::uint8_t tag, in.peek());
    const auto type = static_cast<DataType>(tag);
    if (!is_known(tag)) return in.malformed("unknown data type " + std::to_string(tag));
    AMITY_CHECK(in.skip(1));
    if (const int size = fixed_size(type); size >= 0) {
      AMITY_CHECK(in.skip(static_cast<std::size_t>(size)));
      continue;
    }
    if (type == DataType::kCompactArray) AMITY_CHECK(skip_description(in));
    AMITY_TRY(const std::size_t count, read_length(in));
    if (type == DataType::kArray || type == DataType::kStructure) {
      if (count > in.remaining()) return in.truncated(count);
      pending += count;
    } else {
      AMITY_CHECK(in.skip(type == DataType::kBitString ? (count + 7) / 8 : count));
    }
  }
  return from.first(in.position() - start);
}

}  // namespace amity::dlms
