// Building DLMS values: DataWriter appends the encoding at once (servers, requests); Data is an
// owning tree for values that are kept or compared.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "wire/dlms/data.h"
#include "wire/dlms/datetime.h"
#include "wire/dlms/obis.h"

namespace amity::dlms {

// Length or count: one byte below 128, otherwise 0x8n and n bytes, big-endian.
void write_length(ByteWriter& out, std::size_t length);
Result<std::size_t> read_length(ByteReader& in);

class DataWriter {
 public:
  explicit DataWriter(Bytes& out) : out_(out) {}

  void null() { out_.u8(0); }
  void array(std::size_t count) { header(DataType::kArray, count); }          // count values follow
  void structure(std::size_t count) { header(DataType::kStructure, count); }  // count values follow
  void boolean(bool v);
  void int8(std::int8_t v);
  void int16(std::int16_t v);
  void int32(std::int32_t v);
  void int64(std::int64_t v);
  void uint8(std::uint8_t v);
  void uint16(std::uint16_t v);
  void uint32(std::uint32_t v);
  void uint64(std::uint64_t v);
  void enumeration(std::uint8_t v);
  void bcd(std::uint8_t v);
  void float32(float v);
  void float64(double v);
  void octet_string(ByteView v);
  void octet_string(const Obis& v) { octet_string(v.view()); }
  void octet_string(const DateTime& v);  // the usual carrier of a date-time
  void octet_string(const Date& v);
  void octet_string(const Time& v);
  void visible_string(std::string_view v);
  void utf8_string(std::string_view v);
  void bit_string(ByteView bits, std::size_t bit_count);
  void date_time(const DateTime& v);  // tag 25
  void date(const Date& v);
  void time(const Time& v);
  void raw(ByteView encoded) { out_.bytes(encoded); }  // one already encoded value

 private:
  void header(DataType type, std::size_t count);
  ByteWriter out_;
};

class Data {
 public:
  Data() = default;  // null

  static Data array(std::vector<Data> items);
  static Data structure(std::vector<Data> items);
  static Data integer(DataType type,
                      std::int64_t value);  // every integer type, bool, enum, bcd, delta
  static Data boolean(bool v) { return integer(DataType::kBool, v); }
  static Data int8(std::int8_t v) { return integer(DataType::kInt8, v); }
  static Data int16(std::int16_t v) { return integer(DataType::kInt16, v); }
  static Data int32(std::int32_t v) { return integer(DataType::kInt32, v); }
  static Data int64(std::int64_t v) { return integer(DataType::kInt64, v); }
  static Data uint8(std::uint8_t v) { return integer(DataType::kUint8, v); }
  static Data uint16(std::uint16_t v) { return integer(DataType::kUint16, v); }
  static Data uint32(std::uint32_t v) { return integer(DataType::kUint32, v); }
  static Data uint64(std::uint64_t v);
  static Data enumeration(std::uint8_t v) { return integer(DataType::kEnum, v); }
  static Data float32(float v);
  static Data float64(double v);
  static Data octet_string(ByteView v) { return bytes(DataType::kOctetString, v); }
  static Data octet_string(const Obis& v) { return octet_string(v.view()); }
  static Data octet_string(const DateTime& v);
  static Data visible_string(std::string_view v);
  static Data utf8_string(std::string_view v);
  static Data bytes(DataType type,
                    ByteView v);  // octet, visible, utf8 string, date-time, date, time
  static Data bit_string(ByteView bits, std::size_t bit_count);
  static Data from(DataView view);  // a copy; compact arrays become arrays

  DataType type() const { return type_; }
  bool is_null() const { return type_ == DataType::kNull; }
  std::int64_t number() const { return number_; }
  double real() const;  // float32, float64
  ByteView content() const { return content_; }
  std::size_t bit_count() const { return static_cast<std::size_t>(number_); }
  const std::vector<Data>& items() const { return items_; }
  std::vector<Data>& items() { return items_; }

  void encode(Bytes& out) const;
  Bytes encoded() const;
  friend bool operator==(const Data&, const Data&) = default;

 private:
  DataType type_ = DataType::kNull;
  std::int64_t number_ = 0;  // raw bits of floats; bit count of bit strings
  Bytes content_;
  std::vector<Data> items_;
};

// One line an engineer can read: "{octet-string 07E8..., uint32 42, [..]}"; structures in braces,
// arrays in brackets.
std::string to_text(DataView view);

}  // namespace amity::dlms
