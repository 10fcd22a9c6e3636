#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

bool is_printable(ByteView bytes) {
  return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(),
                                       [](std::uint8_t b) { return b >= 0x20 && b < 0x7F; });
}

std::string string_text(DataView view) {
  const ByteView bytes = view.bytes();
  switch (view.type()) {
    case DataType::kBitString: {
      std::string bits;
      for (std::size_t i = 0; i < view.bit_count(); ++i)
        bits += (bytes[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0';
      return bits;
    }
    case DataType::kDateTime:
      if (const auto value = date_time_from(bytes); value.ok()) return to_string(*value);
      break;
    case DataType::kDate:
      if (const auto value = date_from(bytes); value.ok()) return to_string(*value);
      break;
    case DataType::kTime:
      if (const auto value = time_from(bytes); value.ok()) return to_string(*value);
      break;
    default:
      if (is_printable(bytes)) return '"' + std::string(as_text(bytes)) + '"';
  }
  return to_hex(bytes);
}

void write_text(DataView view, std::string& out) {
  if (view.is_container()) {
    out += view.type() == DataType::kStructure ? '{' : '[';
    bool first = true;
    for (const DataView item : view) {
      if (!first) out += ", ";
      first = false;
      write_text(item, out);
    }
    out += view.type() == DataType::kStructure ? '}' : ']';
    return;
  }
  const DataType type = view.type();
  out += to_string(type);
  if (type == DataType::kNull || type == DataType::kDontCare) return;
  out += ' ';
  if (view.is_bytes()) {
    out += string_text(view);
  } else if (type == DataType::kFloat32) {
    out += fmt::format("{}", std::bit_cast<float>(static_cast<std::uint32_t>(view.number())));
  } else if (type == DataType::kFloat64) {
    out += fmt::format("{}", std::bit_cast<double>(view.number()));
  } else if (type == DataType::kUint64) {
    out += std::to_string(static_cast<std::uint64_t>(view.number()));
  } else {
    out += std::to_string(view.number());
  }
}

}  // namespace

std::string to_text(DataView view) {
  std::string out;
  write_text(view, out);
  return out;
}

}  // namespace amity::dlms
