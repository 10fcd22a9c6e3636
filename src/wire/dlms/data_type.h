// The DLMS data types and their tags (IEC 62056-6-2 clause 4.1.5).
#pragma once

#include <cstdint>
#include <string_view>

namespace amity::dlms {

enum class DataType : std::uint8_t {
  kNull = 0,
  kArray = 1,
  kStructure = 2,
  kBool = 3,
  kBitString = 4,
  kInt32 = 5,
  kUint32 = 6,
  kOctetString = 9,
  kVisibleString = 10,
  kUtf8String = 12,
  kBcd = 13,
  kInt8 = 15,
  kInt16 = 16,
  kUint8 = 17,
  kUint16 = 18,
  kCompactArray = 19,
  kInt64 = 20,
  kUint64 = 21,
  kEnum = 22,
  kFloat32 = 23,
  kFloat64 = 24,
  kDateTime = 25,
  kDate = 26,
  kTime = 27,
  kDeltaInt8 = 28,
  kDeltaInt16 = 29,
  kDeltaInt32 = 30,
  kDeltaUint8 = 31,
  kDeltaUint16 = 32,
  kDeltaUint32 = 33,
  kDontCare = 255,
};

bool is_known(std::uint8_t tag);
std::string_view to_string(DataType type);  // "null", "array", "int32", ...

}  // namespace amity::dlms
