#include <algorithm>
#include <bit>
#include <cmath>

#include "wire/decode/apdu_json.h"
#include "wire/dlms/datetime.h"
#include "wire/dlms/obis.h"

namespace amity::decode {
namespace {

using dlms::DataType;
using dlms::DataView;

// ASCII only: everything else is shown as hex.
bool is_text(ByteView bytes) {
  return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(),
                                       [](std::uint8_t b) { return b >= 0x20 && b < 0x7F; });
}

std::string bits_of(DataView view) {
  std::string bits;
  const ByteView bytes = view.bytes();
  for (std::size_t i = 0; i < view.bit_count(); ++i) {
    bits += (bytes[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0';
  }
  return bits;
}

void write_number(JsonWriter& out, DataView view) {
  put_key(out, "value");
  switch (view.type()) {
    case DataType::kBool:
      out.Bool(view.number() != 0);
      break;
    case DataType::kUint64:
      out.Uint64(static_cast<std::uint64_t>(view.number()));
      break;
    case DataType::kFloat32:
    case DataType::kFloat64: {
      const double value = *view.as_double();
      if (std::isfinite(value)) {
        out.Double(value);
      } else {
        out.Null();
      }
      break;
    }
    default:
      out.Int64(view.number());
  }
}

void write_bytes(JsonWriter& out, DataView view) {
  const ByteView bytes = view.bytes();
  if (view.type() == DataType::kBitString) return member(out, "bits", bits_of(view));
  if (view.type() == DataType::kDate) {
    if (const auto date = dlms::date_from(bytes); date.ok()) member(out, "date", to_string(*date));
  } else if (view.type() == DataType::kTime) {
    if (const auto time = dlms::time_from(bytes); time.ok()) member(out, "time", to_string(*time));
  } else if (bytes.size() == dlms::DateTime::kSize) {
    if (const auto time = dlms::date_time_from(bytes); time.ok())
      member(out, "date_time", to_string(*time));
  } else if (bytes.size() == dlms::Obis::kSize && view.type() == DataType::kOctetString &&
             !is_text(bytes)) {
    member(out, "obis", to_string(*dlms::obis_from(bytes)));
  }
  ByteView text = bytes;  // some meters fill up with zeros
  while (!text.empty() && text.back() == 0) text = text.first(text.size() - 1);
  if (is_text(text)) {
    member(out, "text", as_text(text));
  } else {
    member(out, "hex", to_hex(bytes));
  }
}

}  // namespace

void write_data(JsonWriter& out, DataView view) {
  out.StartObject();
  member(out, "type", to_string(view.type()));
  if (view.is_container()) {
    put_key(out, "items");
    out.StartArray();
    for (const DataView item : view) write_data(out, item);
    out.EndArray();
  } else if (view.is_bytes()) {
    write_bytes(out, view);
  } else if (view.type() != DataType::kNull && view.type() != DataType::kDontCare) {
    write_number(out, view);
  }
  out.EndObject();
}

}  // namespace amity::decode
