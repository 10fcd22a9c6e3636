// Any APDU as JSON: names as in IEC 62056-5-3, values with their types.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string_view>

#include "wire/dlms/apdu.h"
#include "wire/dlms/data.h"

namespace amity::decode {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

inline void put(JsonWriter& out, std::string_view text) {
  out.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}
inline void put_key(JsonWriter& out, std::string_view key) {
  out.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
}
inline void member(JsonWriter& out, std::string_view key, std::string_view text) {
  put_key(out, key);
  put(out, text);
}

// {"type":"uint32","value":948}; containers {"type":"structure","items":[...]}.
void write_data(JsonWriter& out, dlms::DataView view);
// One object; `tag` is the APDU's first byte.
void write_apdu(JsonWriter& out, std::uint8_t tag, const dlms::Apdu& apdu);

}  // namespace amity::decode
