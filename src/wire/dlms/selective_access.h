// Parameters of selective access to a Profile generic buffer (IEC 62056-6-2, class 7): by range and
// by entry.
#pragma once

#include <cstdint>
#include <vector>

#include "wire/dlms/data_value.h"
#include "wire/dlms/types.h"

namespace amity::dlms {

inline constexpr std::uint8_t kAccessByRange = 1;
inline constexpr std::uint8_t kAccessByEntry = 2;

// One column of a profile.
struct CaptureObject {
  AttributeRef attribute;
  std::uint16_t data_index = 0;  // 0: the whole attribute
  friend bool operator==(const CaptureObject&, const CaptureObject&) = default;
};

struct RangeDescriptor {
  CaptureObject restricting;  // usually the clock's time: {8, 0.0.1.0.0.255, 2, 0}
  Data from;                  // usually an octet string with a date-time
  Data to;
  std::vector<CaptureObject> columns;  // empty: all
};

struct EntryDescriptor {
  std::uint32_t from_entry = 1;
  std::uint32_t to_entry = 0;  // 0: the last
  std::uint16_t from_column = 1;
  std::uint16_t to_column = 0;  // 0: the last
};

// The clock as restricting object, both ends included.
RangeDescriptor range_by_clock(const DateTime& from, const DateTime& to);

void encode_parameters(const RangeDescriptor& range, Bytes& out);
void encode_parameters(const EntryDescriptor& entry, Bytes& out);
Result<RangeDescriptor> decode_range(ByteView parameters);
Result<EntryDescriptor> decode_entry(ByteView parameters);

// {class, obis, attribute, index} as in capture_objects.
void write(DataWriter& out, const CaptureObject& column);
Result<CaptureObject> capture_object_from(DataView view);

}  // namespace amity::dlms
