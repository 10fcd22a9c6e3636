// JSON out: RapidJSON's writer, with the words of this API. Text that is not UTF-8 is repaired,
// never passed on.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/json_text.h"
#include "base/time.h"

namespace amity::api {

class Json {
 public:
  Json& open() { return writer_.StartObject(), *this; }
  Json& close() { return writer_.EndObject(), *this; }
  Json& open_list() { return writer_.StartArray(), *this; }
  Json& close_list() { return writer_.EndArray(), *this; }
  Json& key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    return *this;
  }
  Json& text(std::string_view value);
  Json& number(std::int64_t value) { return writer_.Int64(value), *this; }
  Json& number(std::uint64_t value) { return writer_.Uint64(value), *this; }
  Json& number(std::uint32_t value) { return writer_.Uint(value), *this; }
  Json& number(int value) { return writer_.Int(value), *this; }
  Json& number(double value);  // at most six decimals; null where it is no number
  Json& boolean(bool value) { return writer_.Bool(value), *this; }
  Json& null() { return writer_.Null(), *this; }
  Json& time(UtcSeconds value);  // ISO; null for 0
  // The writer sets the comma; the text itself is copied at once, where RapidJSON would go letter
  // by letter.
  Json& raw(std::string_view json) {
    writer_.RawValue(json.data(), 0, rapidjson::kNullType);
    std::memcpy(buffer_.Push(json.size()), json.data(), json.size());
    return *this;
  }
  template <class T>
  Json& maybe(const std::optional<T>& value) {
    return value ? number(*value) : null();
  }

  std::string take() const { return std::string(buffer_.GetString(), buffer_.GetSize()); }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

// value x 10^exponent as a plain decimal number ("-0.05", "1200"), appended; for JSON and CSV
// alike.
void append_decimal(std::string& out, std::int64_t value, int exponent);
void append_number(std::string& out, std::int64_t value);

}  // namespace amity::api
