#include "wire/dlms/data_value.h"

#include <bit>

#include "wire/dlms/tree_parser.h"

namespace amity::dlms {

void write_length(ByteWriter& out, std::size_t length) {
  if (length < 0x80) return out.u8(static_cast<std::uint8_t>(length));
  const int width = length <= 0xFF ? 1 : length <= 0xFFFF ? 2 : length <= 0xFFFFFF ? 3 : 4;
  out.u8(static_cast<std::uint8_t>(0x80 | width));
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8)
    out.u8(static_cast<std::uint8_t>(length >> shift));
}

Result<std::size_t> read_length(ByteReader& in) {
  AMITY_TRY(const std::uint8_t first, in.u8());
  if (first < 0x80) return std::size_t{first};
  const std::size_t width = first & 0x7F;
  if (width == 0 || width > 4)
    return in.malformed("length field of " + std::to_string(width) + " bytes");
  AMITY_TRY(const ByteView digits, in.take(width));
  std::size_t length = 0;
  for (std::uint8_t d : digits) length = length << 8 | d;
  return length;
}

void DataWriter::header(DataType type, std::size_t count) {
  out_.u8(static_cast<std::uint8_t>(type));
  write_length(out_, count);
}

namespace {

void put_number(ByteWriter& out, DataType type, std::uint64_t v) {
  out.u8(static_cast<std::uint8_t>(type));
  for (int shift = (fixed_size(type) - 1) * 8; shift >= 0; shift -= 8)
    out.u8(static_cast<std::uint8_t>(v >> shift));
}

}  // namespace

void DataWriter::boolean(bool v) {
  put_number(out_, DataType::kBool, v ? 1 : 0);
}
void DataWriter::int8(std::int8_t v) {
  put_number(out_, DataType::kInt8, static_cast<std::uint64_t>(v));
}
void DataWriter::int16(std::int16_t v) {
  put_number(out_, DataType::kInt16, static_cast<std::uint64_t>(v));
}
void DataWriter::int32(std::int32_t v) {
  put_number(out_, DataType::kInt32, static_cast<std::uint64_t>(v));
}
void DataWriter::int64(std::int64_t v) {
  put_number(out_, DataType::kInt64, static_cast<std::uint64_t>(v));
}
void DataWriter::uint8(std::uint8_t v) {
  put_number(out_, DataType::kUint8, v);
}
void DataWriter::uint16(std::uint16_t v) {
  put_number(out_, DataType::kUint16, v);
}
void DataWriter::uint32(std::uint32_t v) {
  put_number(out_, DataType::kUint32, v);
}
void DataWriter::uint64(std::uint64_t v) {
  put_number(out_, DataType::kUint64, v);
}
void DataWriter::enumeration(std::uint8_t v) {
  put_number(out_, DataType::kEnum, v);
}
void DataWriter::bcd(std::uint8_t v) {
  put_number(out_, DataType::kBcd, v);
}
void DataWriter::float32(float v) {
  put_number(out_, DataType::kFloat32, std::bit_cast<std::uint32_t>(v));
}
void DataWriter::float64(double v) {
  put_number(out_, DataType::kFloat64, std::bit_cast<std::uint64_t>(v));
}

void DataWriter::octet_string(ByteView v) {
  header(DataType::kOctetString, v.size());
  out_.bytes(v);
}
void DataWriter::octet_string(const DateTime& v) {
  octet_string(ByteView(to_bytes(v)));
}
void DataWriter::octet_string(const Date& v) {
  header(DataType::kOctetString, Date::kSize);
  encode(v, out_.buffer());
}
void DataWriter::octet_string(const Time& v) {
  header(DataType::kOctetString, Time::kSize);
  encode(v, out_.buffer());
}
void DataWriter::visible_string(std::string_view v) {
  header(DataType::kVisibleString, v.size());
  out_.text(v);
}
void DataWriter::utf8_string(std::string_view v) {
  header(DataType::kUtf8String, v.size());
  out_.text(v);
}
void DataWriter::bit_string(ByteView bits, std::size_t bit_count) {
  AMITY_ASSERT(bits.size() == (bit_count + 7) / 8);
  header(DataType::kBitString, bit_count);
  out_.bytes(bits);
}
void DataWriter::date_time(const DateTime& v) {
  out_.u8(static_cast<std::uint8_t>(DataType::kDateTime));
  encode(v, out_.buffer());
}
void DataWriter::date(const Date& v) {
  out_.u8(static_cast<std::uint8_t>(DataType::kDate));
  encode(v, out_.buffer());
}
void DataWriter::time(const Time& v) {
  out_.u8(static_cast<std::uint8_t>(DataType::kTime));
  encode(v, out_.buffer());
}

Data Data::array(std::vector<Data> items) {
  Data d;
  d.type_ = DataType::kArray;
  d.items_ = std::move(items);
  return d;
}

Data Data::structure(std::vector<Data> items) {
  Data d = array(std::move(items));
  d.type_ = DataType::kStructure;
  return d;
}

Data Data::integer(DataType type, std::int64_t value) {
  Data d;
  d.type_ = type;
  d.number_ = value;
  return d;
}

Data Data::uint64(std::uint64_t v) {
  return integer(DataType::kUint64, static_cast<std::int64_t>(v));
}
Data Data::float32(float v) {
  return integer(DataType::kFloat32, std::bit_cast<std::uint32_t>(v));
}
Data Data::float64(double v) {
  return integer(DataType::kFloat64, std::bit_cast<std::int64_t>(v));
}
Data Data::octet_string(const DateTime& v) {
  return octet_string(ByteView(to_bytes(v)));
}
Data Data::visible_string(std::string_view v) {
  return bytes(DataType::kVisibleString, amity::as_bytes(v));
}
Data Data::utf8_string(std::string_view v) {
  return bytes(DataType::kUtf8String, amity::as_bytes(v));
}

Data Data::bytes(DataType type, ByteView v) {
  AMITY_ASSERT(fixed_size(type) < 0 || static_cast<std::size_t>(fixed_size(type)) == v.size());
  Data d;
  d.type_ = type;
  d.content_.assign(v.begin(), v.end());
  return d;
}

Data Data::bit_string(ByteView bits, std::size_t bit_count) {
  AMITY_ASSERT(bits.size() == (bit_count + 7) / 8);
  Data d = bytes(DataType::kBitString, bits);
  d.number_ = static_cast<std::int64_t>(bit_count);
  return d;
}

Data Data::from(DataView view) {
  if (view.is_container()) {
    std::vector<Data> items;
    items.reserve(view.size());
    for (const DataView item : view) items.push_back(from(item));
    return view.type() == DataType::kStructure ? structure(std::move(items))
                                               : array(std::move(items));
  }
  if (view.type() == DataType::kBitString) return bit_string(view.bytes(), view.bit_count());
  if (view.is_bytes()) return bytes(view.type(), view.bytes());
  return integer(view.type(), view.number());
}

double Data::real() const {
  if (type_ == DataType::kFloat32) return std::bit_cast<float>(static_cast<std::uint32_t>(number_));
  return std::bit_cast<double>(number_);
}

void Data::encode(Bytes& out) const {
  ByteWriter w(out);
  switch (type_) {
    case DataType::kArray:
    case DataType::kStructure:
      w.u8(static_cast<std::uint8_t>(type_));
      write_length(w, items_.size());
      for (const Data& item : items_) item.encode(out);
      return;
    case DataType::kBitString:
      DataWriter(out).bit_string(content_, bit_count());
      return;
    case DataType::kOctetString:
    case DataType::kVisibleString:
    case DataType::kUtf8String:
      w.u8(static_cast<std::uint8_t>(type_));
      write_length(w, content_.size());
      w.bytes(content_);
      return;
    case DataType::kDateTime:
    case DataType::kDate:
    case DataType::kTime:
      w.u8(static_cast<std::uint8_t>(type_));
      w.bytes(content_);
      return;
    default:
      put_number(w, type_, static_cast<std::uint64_t>(number_));
  }
}

Bytes Data::encoded() const {
  Bytes out;
  encode(out);
  return out;
}

}  // namespace amity::dlms
