// Tables of made-up meters for the tests: values by name, all else zero.
#pragma once

#include <map>
#include <string>

#include "wire/c12/table.h"

namespace amity::c12::testing {

// Values by path ("TOT_DATA_BLOCK.SUMMATIONS[0]") or by the field's name alone.
using Values = std::map<std::string, Value>;

inline Value blank(const Field& field) {
  Value value = number(0);
  switch (field.type) {
    case Type::kText:
    case Type::kBinary:
    case Type::kSet:
    case Type::kId:
    case Type::kRest:
      value.kind = Value::Kind::kBytes;
      break;
    case Type::kLongTime:
    case Type::kShortTime:
    case Type::kDate:
      value.kind = Value::Kind::kTime;
      break;
    default:
      break;
  }
  return value;
}

inline Bytes make_table(std::uint16_t table, TableContext& context, const Values& values) {
  Bytes out;
  const Feed feed = [&values](const Item& item) -> Result<Value> {
    if (const auto at = values.find(path_of(item)); at != values.end()) return at->second;
    if (const auto at = values.find(item.field().name); at != values.end()) return at->second;
    return blank(item.field());
  };
  const Status status = encode_table(table, context, feed, out);
  EXPECT_TRUE(status.ok()) << "ST" << table << ": " << to_string(status.error());
  return out;
}

inline Value bytes_value(ByteView bytes) {
  Value value;
  value.kind = Value::Kind::kBytes;
  value.bytes = bytes;
  return value;
}
inline Value text_value(std::string_view text) {
  return bytes_value(as_bytes(text));
}

inline Value time_value(int year, int month, int day, int hour, int minute, int second = 0) {
  Value value;
  value.kind = Value::Kind::kTime;
  value.time.year = static_cast<std::int16_t>(year);
  value.time.month = static_cast<std::uint8_t>(month),
  value.time.day = static_cast<std::uint8_t>(day);
  value.time.hour = static_cast<std::uint8_t>(hour);
  value.time.minute = static_cast<std::uint8_t>(minute);
  value.time.second = static_cast<std::uint8_t>(second);
  value.time.precision = wire::MeterTime::Precision::kSecond;
  return value;
}

// FORMAT_CONTROL 1 to 3.
struct Formats {
  bool big = false;
  unsigned time = 3, id_form = 0, integers = 0, ni1 = 8, ni2 = 8;
};
inline const std::uint8_t kTablesUsed[10] = {0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0xFF, 0, 0x0F, 0x1F};

inline Bytes make_st0(TableContext& context, const Formats& f = {}) {
  return make_table(0, context,
                    {{"FORMAT_CONTROL_1", number((f.big ? 1 : 0) | 1 << 1)},
                     {"FORMAT_CONTROL_2", number(f.time | f.id_form << 5 | f.integers << 6)},
                     {"FORMAT_CONTROL_3", number(f.ni1 | f.ni2 << 4)},
                     {"DIM_STD_TBLS_USED", number(10)},
                     {"STD_TBLS_USED", bytes_value(kTablesUsed)}});
}

}  // namespace amity::c12::testing
