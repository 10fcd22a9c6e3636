// The data of a record as a value (EN 13757-3, 6.3 and annex A).
#pragma once

#include <optional>

#include "wire/mbus/record_head.h"
#include "wire/report/report.h"

namespace amity::mbus {

// Bytes of the data that stand at the front of `after_head`, LVAR included where there is one.
// kTruncated at base_offset where they are not all there.
Result<std::size_t> value_bytes(DataField field, ByteView after_head, std::size_t base_offset);

// How a value without a value is handed out: JSON shows it as null.
double no_value();

struct ValueRules {
  ValueClass value_class = ValueClass::kNumber;
  int exponent = 0;
  std::int32_t factor = 1;
  std::optional<int> additive_exponent;
};

// Sets value, and time's words where it is a date; the note gets what a value of text cannot say.
// `data` has value_bytes() bytes. Returns the date it holds, where it is one.
std::optional<wire::MeterTime> read_value(DataField field, ByteView data, const ValueRules& rules,
                                          wire::Reading& reading);

// ISO 8859-1, last character first, as UTF-8.
std::string reversed_text(ByteView text);

}  // namespace amity::mbus
