#include "wire/dlms/data.h"

#include <array>
#include <bit>

#include "wire/dlms/data_value.h"
#include "wire/dlms/tree_parser.h"

namespace amity::dlms {
namespace {

Error not_a(std::string_view wanted, DataType got) {
  return make_error(ErrorCode::kMalformed,
                    "expected " + std::string(wanted) + ", found " + std::string(to_string(got)));
}

constexpr auto kSizes = [] {
  std::array<std::int8_t, 256> sizes{};
  for (std::size_t tag = 0; tag < sizes.size(); ++tag) {
    sizes[tag] = static_cast<std::int8_t>(fixed_size(static_cast<DataType>(tag)));
  }
  return sizes;
}();

// Walks over encoded values with plain pointers: every large answer is walked once before it is
// parsed.
class Skipper {
 public:
  explicit Skipper(ByteView bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  bool skip_value() {
    for (std::size_t pending = 1; pending != 0; --pending) {
      pending = skip_run(pending);
      if (pending == 0) return true;
      if (at_ == end_) return fail(ErrorCode::kTruncated, "the value ends early");
      const std::uint8_t tag = *at_;
      if (const int size = kSizes[tag]; size >= 0) {
        if (remaining() <= static_cast<std::size_t>(size))
          return fail(ErrorCode::kTruncated, "the value ends early");
        at_ += 1 + size;
        continue;
      }
      if (!skip_sized(static_cast<DataType>(tag), pending)) return false;
    }
    return true;
  }

  std::size_t used() const { return static_cast<std::size_t>(at_ - begin_); }
  Error error(std::size_t base) const { return Error{code_, base + used(), reason_}; }

 private:
  // The common values, while they last. Branches that are predicted let the processor run ahead; a
  // table of sizes would make every step wait for the one before.
  std::size_t skip_run(std::size_t pending) {
    const std::uint8_t* p = at_;
    while (pending != 0 && end_ - p > 8) {
      const auto type = static_cast<DataType>(*p);
      if (type == DataType::kUint32 || type == DataType::kInt32) {
        p += 5;
      } else if (type == DataType::kOctetString && p[1] < 0x80 && p[1] + 2 <= end_ - p) {
        p += 2 + p[1];
      } else if (type == DataType::kStructure && p[1] < 0x80 && p[1] + 2 <= end_ - p) {
        pending += p[1];
        p += 2;
      } else if (type == DataType::kUint16 || type == DataType::kInt16) {
        p += 3;
      } else if (type == DataType::kNull) {
        p += 1;
      } else {
        break;
      }
      --pending;
    }
    at_ = p;
    return pending;
  }

  // Strings and containers; containers add to `pending`.
  bool skip_sized(DataType type, std::size_t& pending) {
    if (!is_known(static_cast<std::uint8_t>(type)))
      return fail(ErrorCode::kMalformed, "unknown data type");
    ++at_;
    if (type == DataType::kCompactArray && !skip_description()) return false;
    std::size_t count = 0;
    if (!read_count(count)) return false;
    if (type == DataType::kBitString) count = (count + 7) / 8;
    if (count > remaining()) return fail(ErrorCode::kTruncated, "longer than the input");
    if (type == DataType::kArray || type == DataType::kStructure) {
      pending += count;
    } else {
      at_ += count;
    }
    return true;
  }

  bool skip_description() {
    for (std::size_t pending = 1; pending != 0; --pending) {
      if (at_ == end_) return fail(ErrorCode::kTruncated, "the type description ends early");
      const auto type = static_cast<DataType>(*at_++);
      if (type == DataType::kArray) {
        if (remaining() < 2) return fail(ErrorCode::kTruncated, "the type description ends early");
        at_ += 2;
        ++pending;
      } else if (type == DataType::kStructure) {
        std::size_t count = 0;
        if (!read_count(count)) return false;
        if (count > remaining()) return fail(ErrorCode::kTruncated, "longer than the input");
        pending += count;
      }
    }
    return true;
  }

  bool read_count(std::size_t& count) {
    if (at_ != end_ && *at_ < 0x80) {
      count = *at_++;
      return true;
    }
    ByteReader in(ByteView(at_, end_));
    const auto length = read_length(in);
    if (!length.ok())
      return fail(length.error().code, "the length field ends early or is of unusual size");
    at_ += in.position();
    count = *length;
    return true;
  }

  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  bool fail(ErrorCode code, const char* reason) {
    code_ = code;
    reason_ = reason;
    return false;
  }

  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  ErrorCode code_ = ErrorCode::kMalformed;
  const char* reason_ = "";
};

}  // namespace

Result<std::size_t> DataTree::parse_prefix(ByteView input) {
  return TreeParser(*this, input).parse();
}

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
    case DataType::kDeltaUint32:
      return true;
    default:
      return false;
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
    case DataType::kTime:
      return true;
    default:
      return false;
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
    return make_error(ErrorCode::kMalformed,
                      "no element " + std::to_string(i) + " among " + std::to_string(size()));
  }
  Iterator it = begin();
  while (i-- != 0) ++it;
  return *it;
}

Result<ByteView> take_data(ByteReader& in) {
  Skipper skipper(in.rest());
  if (!skipper.skip_value()) return skipper.error(in.offset());
  return in.take(skipper.used());
}

}  // namespace amity::dlms
