// One engine for all tables: walks a layout over bytes, or over values, in the meter's own formats.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/decimal.h"
#include "wire/c12/layout.h"
#include "wire/c12/limits.h"
#include "wire/report/report.h"

namespace amity::c12 {

// What is known of a meter's tables: formats and dimensions.
class TableContext {
 public:
  std::optional<std::uint32_t> get(Var var) const;
  void set(Var var, std::uint32_t value);
  // Its first two formats; part of ST0 may tell one alone.
  bool has_st0() const { return get(Var::kDataOrder) && get(Var::kIdForm); }

 private:
  std::array<std::uint32_t, static_cast<std::size_t>(Var::kCount)> values_{};
  std::array<bool, static_cast<std::size_t>(Var::kCount)> known_{};
};

struct Value {
  enum class Kind : std::uint8_t {
    kNumber,
    kReal,
    kText,   // `bytes`, padding included
    kBytes,  // binary, sets, and what is not a valid number or time of its format
    kTime,
  };
  Kind kind = Kind::kNumber;
  Decimal number;
  double real = 0;
  ByteView bytes;
  wire::MeterTime time;  // kNone: the meter says that there is none
};
// As a person reads it.
std::string to_string(const Value& value);
Value number(std::int64_t value);

struct Step {
  const Field* field = nullptr;
  std::uint16_t index = 0;
};

// One value with its place: the fields from the table down to itself.
struct Item {
  static constexpr std::size_t kDepthMax = 4;
  std::array<Step, kDepthMax> path;
  std::uint8_t depth = 0;
  std::uint32_t offset = 0, size = 0;  // in the table
  Value value;

  const Field& field() const { return *path[depth - 1u].field; }
  std::uint16_t index(std::size_t level) const { return path[level].index; }
};
std::string path_of(const Item& item);  // "TOT_DATA_BLOCK.SUMMATIONS[0]"
// The value of one named bit range of an item of Type::kBits.
std::uint32_t bits_of(const Item& item, std::string_view name);

struct TableData {
  std::vector<Item> items;  // views into the bytes
  // Bytes present that the layout does not reach, or values cut by the window's edges.
  std::vector<std::pair<std::uint32_t, ByteView>> unknown;
};

// A window of the table's bytes from `offset` on; `whole`: the table is all there, and bytes
// missing at its end are an error. Dimensions that the table states are set in `context` (not those
// of the limit tables 10, 20, 50, 60, 70). On an error `out` holds what was decoded before it.
// kNotFound: another table is needed first (the reason says which); kUnsupported: no layout.
Status decode_table(std::uint16_t table, ByteView bytes, std::uint32_t offset, bool whole,
                    TableContext& context, TableData& out);

// Asked for each value in table order. Bytes of a text or binary may be shorter than the field:
// texts are padded by blanks, binaries by zeros.
using Feed = std::function<Result<Value>(const Item& place)>;
// Appends the table. Dimensions it states are set in `context`, as above.
Status encode_table(std::uint16_t table, TableContext& context, const Feed& feed, Bytes& out);

// One value in the meter's format. Exposed for procedures' parameters and tests.
Result<Value> decode_value(const Field& field, ByteView bytes, const TableContext& context);
Status encode_value(const Field& field, std::size_t size, const Value& value,
                    const TableContext& context, Bytes& out);
// Of a field of this context. kRest and records have none (asserted).
Result<std::size_t> value_size(const Field& field, const TableContext& context);

// LTIME_DATE in the meter's format, for the clock procedure.
Status encode_long_time(const wire::MeterTime& time, const TableContext& context, Bytes& out);

}  // namespace amity::c12
