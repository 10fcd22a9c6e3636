#include "wire/dlms/data_type.h"

namespace amity::dlms {

bool is_known(std::uint8_t tag) {
  return !to_string(static_cast<DataType>(tag)).empty();
}

std::string_view to_string(DataType type) {
  switch (type) {
    case DataType::kNull:
      return "null";
    case DataType::kArray:
      return "array";
    case DataType::kStructure:
      return "structure";
    case DataType::kBool:
      return "bool";
    case DataType::kBitString:
      return "bit-string";
    case DataType::kInt32:
      return "int32";
    case DataType::kUint32:
      return "uint32";
    case DataType::kOctetString:
      return "octet-string";
    case DataType::kVisibleString:
      return "visible-string";
    case DataType::kUtf8String:
      return "utf8-string";
    case DataType::kBcd:
      return "bcd";
    case DataType::kInt8:
      return "int8";
    case DataType::kInt16:
      return "int16";
    case DataType::kUint8:
      return "uint8";
    case DataType::kUint16:
      return "uint16";
    case DataType::kCompactArray:
      return "compact-array";
    case DataType::kInt64:
      return "int64";
    case DataType::kUint64:
      return "uint64";
    case DataType::kEnum:
      return "enum";
    case DataType::kFloat32:
      return "float32";
    case DataType::kFloat64:
      return "float64";
    case DataType::kDateTime:
      return "date-time";
    case DataType::kDate:
      return "date";
    case DataType::kTime:
      return "time";
    case DataType::kDeltaInt8:
      return "delta-int8";
    case DataType::kDeltaInt16:
      return "delta-int16";
    case DataType::kDeltaInt32:
      return "delta-int32";
    case DataType::kDeltaUint8:
      return "delta-uint8";
    case DataType::kDeltaUint16:
      return "delta-uint16";
    case DataType::kDeltaUint32:
      return "delta-uint32";
    case DataType::kDontCare:
      return "dont-care";
  }
  return "";
}

}  // namespace amity::dlms
