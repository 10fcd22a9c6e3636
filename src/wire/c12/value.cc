// Single values in the formats that ST0 chooses.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/civil.h"
#include "wire/c12/table.h"

namespace amity::c12 {
namespace {

Result<std::uint32_t> need(const TableContext& context, Var var) {
  if (const auto value = context.get(var)) return *value;
  return make_error(ErrorCode::kNotFound, fmt::format("{} is needed first", source_of(var)));
}

std::uint64_t unsigned_from(ByteView bytes, bool big) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value = value << 8 | bytes[big ? i : bytes.size() - 1 - i];
  return value;
}

void put_unsigned(std::uint64_t value, std::size_t size, bool big, Bytes& out) {
  for (std::size_t i = 0; i < size; ++i)
    out.push_back(static_cast<std::uint8_t>(value >> (8 * (big ? size - 1 - i : i))));
}

enum IntFormat : std::uint32_t { kTwosComplement = 0, kOnesComplement = 1, kSignMagnitude = 2 };

std::int64_t signed_from(std::uint64_t raw, std::size_t size, std::uint32_t format) {
  const int shift = static_cast<int>(64 - 8 * size);
  const auto extended = static_cast<std::int64_t>(raw << shift) >> shift;
  if (extended >= 0 || format == kTwosComplement) return extended;
  if (format == kOnesComplement) return extended + 1;
  const std::uint64_t sign = std::uint64_t{1} << (8 * size - 1);
  return -static_cast<std::int64_t>(raw & (sign - 1));
}

Result<std::uint64_t> raw_from(std::int64_t value, std::size_t size, std::uint32_t format) {
  const auto limit = static_cast<std::int64_t>((std::uint64_t{1} << (8 * size - 1)) - 1);
  const std::int64_t low = format == kTwosComplement ? -limit - 1 : -limit;
  if (value > limit || value < low) {
    return make_error(ErrorCode::kInvalid,
                      fmt::format("{} does not fit into {} bytes", value, size));
  }
  if (value >= 0 || format == kTwosComplement) return static_cast<std::uint64_t>(value);
  if (format == kOnesComplement) return static_cast<std::uint64_t>(value - 1);
  return static_cast<std::uint64_t>(-value) | std::uint64_t{1} << (8 * size - 1);
}

Value real(double v) {
  Value out;
  out.kind = Value::Kind::kReal;
  out.real = v;
  return out;
}

Value raw(ByteView bytes, Value::Kind kind = Value::Kind::kBytes) {
  Value out;
  out.kind = kind;
  out.bytes = bytes;
  return out;
}

std::optional<std::int64_t> bcd(ByteView bytes, bool big) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t byte = bytes[big ? i : bytes.size() - 1 - i];
    if ((byte & 15) > 9 || byte >> 4 > 9) return std::nullopt;
    value = value * 100 + (byte >> 4) * 10 + (byte & 15);
  }
  return value;
}

struct NiFormat {
  enum class Kind : std::uint8_t { kFloat, kChars, kInteger, kBcd, kNone } kind = Kind::kNone;
  std::uint8_t size = 0;
  std::int8_t exponent = 0;
};
constexpr NiFormat kNiFormats[] = {
    {NiFormat::Kind::kFloat, 8, 0},    {NiFormat::Kind::kFloat, 4, 0},
    {NiFormat::Kind::kChars, 12, 0},   {NiFormat::Kind::kChars, 6, 0},
    {NiFormat::Kind::kInteger, 4, -4},  // implied decimal point before the last four digits
    {NiFormat::Kind::kBcd, 6, 0},      {NiFormat::Kind::kBcd, 4, 0},
    {NiFormat::Kind::kInteger, 3, 0},  {NiFormat::Kind::kInteger, 4, 0},
    {NiFormat::Kind::kInteger, 5, 0},  {NiFormat::Kind::kInteger, 6, 0},
    {NiFormat::Kind::kInteger, 8, 0},  {NiFormat::Kind::kBcd, 8, 0},
    {NiFormat::Kind::kChars, 21, 0}};

Result<NiFormat> ni_format(Type type, const TableContext& context) {
  AMITY_TRY(const std::uint32_t code,
            need(context, type == Type::kNi1 ? Var::kNiFormat1 : Var::kNiFormat2));
  if (code < std::size(kNiFormats)) return kNiFormats[code];
  return make_error(ErrorCode::kUnsupported, fmt::format("non-integer format {}", code));
}

Value decode_ni(const NiFormat& format, ByteView bytes, bool big, std::uint32_t int_format) {
  switch (format.kind) {
    case NiFormat::Kind::kFloat: {
      const std::uint64_t bits = unsigned_from(bytes, big);
      return real(format.size == 8 ? std::bit_cast<double>(bits)
                                   : static_cast<double>(
                                         std::bit_cast<float>(static_cast<std::uint32_t>(bits))));
    }
    case NiFormat::Kind::kInteger: {
      Value value = number(signed_from(unsigned_from(bytes, big), format.size, int_format));
      value.number.exponent = format.exponent;
      return value;
    }
    case NiFormat::Kind::kBcd: {
      const auto digits = bcd(bytes, big);
      return digits ? number(*digits) : raw(bytes);
    }
    default: {
      std::string_view text = as_text(bytes);
      while (!text.empty() && (text.front() == ' ' || text.front() == '+')) text.remove_prefix(1);
      while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
      const auto decimal = decimal_from(text);
      if (!decimal.ok() || decimal->exponent < -18) return raw(bytes);
      Value value;
      value.number = *decimal;
      return value;
    }
  }
}

Status encode_ni(const NiFormat& format, const Value& value, bool big, std::uint32_t int_format,
                 Bytes& out) {
  const bool is_real = value.kind == Value::Kind::kReal;
  if (!is_real && value.kind != Value::Kind::kNumber) {
    return make_error(ErrorCode::kInvalid, "a number belongs here");
  }
  const auto as_double = [&] {
    return is_real
               ? value.real
               : static_cast<double>(value.number.value) * std::pow(10.0, value.number.exponent);
  };
  if (format.kind == NiFormat::Kind::kFloat) {
    const std::uint64_t bits = format.size == 8
                                   ? std::bit_cast<std::uint64_t>(as_double())
                                   : std::bit_cast<std::uint32_t>(static_cast<float>(as_double()));
    put_unsigned(bits, format.size, big, out);
    return {};
  }
  if (is_real) return make_error(ErrorCode::kInvalid, "a float where the meter keeps integers");
  if (format.kind == NiFormat::Kind::kChars) {
    std::string text = amity::to_string(value.number);
    // ".5" is a number too, where there is no room for its zero.
    const std::size_t zero = text.starts_with('-') ? 1 : 0;
    if (text.size() > format.size && text.substr(zero, 2) == "0.") text.erase(zero, 1);
    if (text.size() > format.size) {
      return make_error(ErrorCode::kInvalid,
                        fmt::format("{} needs more than {} characters", text, format.size));
    }
    out.insert(out.end(), format.size - text.size(), ' ');
    append(out, as_bytes(text));
    return {};
  }
  AMITY_TRY(std::int64_t integer, rescale(value.number, format.exponent));
  if (format.kind == NiFormat::Kind::kInteger) {
    AMITY_TRY(const std::uint64_t bits, raw_from(integer, format.size, int_format));
    put_unsigned(bits, format.size, big, out);
    return {};
  }
  std::uint64_t packed = 0;
  for (int i = 0; i < format.size * 2; ++i, integer /= 10) {
    if (integer < 0) return make_error(ErrorCode::kInvalid, "BCD has no sign");
    packed |= static_cast<std::uint64_t>(integer % 10) << (4 * i);
  }
  if (integer != 0) return make_error(ErrorCode::kInvalid, "more digits than the BCD has");
  put_unsigned(packed, format.size, big, out);
  return {};
}

// ---- times -----------------------------------------------------------------------------------

std::size_t time_size(Type type, std::uint32_t format) {
  switch (type) {
    case Type::kLongTime:
      return format <= 2 ? 6 : format == 3 ? 5 : 4;
    case Type::kShortTime:
      return format <= 2 ? 5 : 4;
    case Type::kTime:
      return format <= 2 ? 3 : 4;
    default:
      return format <= 2 ? 3 : 2;
  }
}

bool plausible(const wire::MeterTime& t) {
  static constexpr std::uint8_t kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return t.month >= 1 && t.month <= 12 && t.day >= 1 && t.day <= kDays[t.month - 1] &&
         t.hour < 24 && t.minute < 60 && t.second < 60;
}

Value decode_clock(Type type, std::uint32_t format, ByteView bytes, bool big) {
  using Precision = wire::MeterTime::Precision;
  Value out;
  out.kind = Value::Kind::kTime;
  if (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; })) return out;
  wire::MeterTime& t = out.time;
  t.precision = type == Type::kLongTime    ? Precision::kSecond
                : type == Type::kShortTime ? Precision::kMinute
                                           : Precision::kDay;
  if (format <= 2) {
    std::array<std::uint8_t, 6> parts{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto digits =
          format == 1 ? bcd(bytes.subspan(i, 1), big) : std::optional<std::int64_t>(bytes[i]);
      if (!digits) return raw(bytes);
      parts[i] = static_cast<std::uint8_t>(*digits);
    }
    if (parts[0] > 99) return raw(bytes);
    t.year = static_cast<std::int16_t>(parts[0] + (parts[0] < 90 ? 2000 : 1900));
    t.month = parts[1], t.day = parts[2], t.hour = parts[3], t.minute = parts[4],
    t.second = parts[5];
    return plausible(t) ? out : raw(bytes);
  }
  std::int64_t seconds = 0;
  if (type == Type::kDate) {
    seconds = static_cast<std::int64_t>(unsigned_from(bytes, big)) * 86'400;
  } else if (format == 3) {
    seconds = static_cast<std::int64_t>(unsigned_from(bytes.first(4), big)) * 60;
    if (type == Type::kLongTime) {
      if (bytes[4] > 59) return raw(bytes);
      seconds += bytes[4];
    }
  } else {
    seconds = static_cast<std::int64_t>(unsigned_from(bytes, big));
    if (type == Type::kShortTime) t.precision = Precision::kSecond;
  }
  const CivilTime civil = civil_from_utc(UtcSeconds(seconds));
  t.year = static_cast<std::int16_t>(civil.year);
  t.month = static_cast<std::uint8_t>(civil.month), t.day = static_cast<std::uint8_t>(civil.day);
  t.hour = static_cast<std::uint8_t>(civil.hour);
  t.minute = static_cast<std::uint8_t>(civil.minute);
  t.second = static_cast<std::uint8_t>(civil.second);
  return out;
}

Status encode_clock(Type type, std::uint32_t format, const wire::MeterTime& t, bool big,
                    Bytes& out) {
  const std::size_t size = time_size(type, format);
  if (t.precision == wire::MeterTime::Precision::kNone) {
    out.insert(out.end(), size, 0);
    return {};
  }
  if (!plausible(t)) return make_error(ErrorCode::kInvalid, "no such date or time");
  if (format <= 2) {
    if (t.year < 1990 || t.year > 2089)
      return make_error(ErrorCode::kInvalid, "a year beyond 1990 to 2089");
    const std::uint8_t parts[] = {
        static_cast<std::uint8_t>(t.year % 100), t.month, t.day, t.hour, t.minute, t.second};
    for (std::size_t i = 0; i < size; ++i)
      out.push_back(format == 2 ? parts[i]
                                : static_cast<std::uint8_t>(parts[i] / 10 << 4 | parts[i] % 10));
    return {};
  }
  const std::int64_t seconds =
      utc_from_civil(t.year, t.month, t.day, t.hour, t.minute, t.second).value;
  const std::int64_t unit = type == Type::kDate ? 86'400 : format == 3 ? 60 : 1;
  const std::size_t width = type == Type::kDate ? 2 : 4;
  if (seconds < 0 || seconds / unit >= std::int64_t{1} << (8 * width)) {
    return make_error(ErrorCode::kInvalid, "a time beyond the meter's clock");
  }
  put_unsigned(static_cast<std::uint64_t>(seconds / unit), width, big, out);
  if (type == Type::kLongTime && format == 3) out.push_back(t.second);
  return {};
}

Value decode_time_of_day(std::uint32_t format, ByteView bytes, bool big) {
  if (format > 2) return number(static_cast<std::int64_t>(unsigned_from(bytes, big)));
  std::int64_t seconds = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto part =
        format == 1 ? bcd(bytes.subspan(i, 1), big) : std::optional<std::int64_t>(bytes[i]);
    if (!part || *part > (i == 0 ? 23 : 59)) return raw(bytes);
    seconds = seconds * 60 + *part;
  }
  return number(seconds);
}

Status encode_time_of_day(std::uint32_t format, std::int64_t seconds, bool big, Bytes& out) {
  if (seconds < 0 || seconds > UINT32_MAX || (format <= 2 && seconds >= 86'400)) {
    return make_error(ErrorCode::kInvalid, "no time of day");
  }
  if (format > 2) {
    put_unsigned(static_cast<std::uint64_t>(seconds), 4, big, out);
    return {};
  }
  for (const std::int64_t part : {seconds / 3600, seconds / 60 % 60, seconds % 60})
    out.push_back(static_cast<std::uint8_t>(format == 2 ? part : part / 10 << 4 | part % 10));
  return {};
}

// ---- load profile ------------------------------------------------------------------------------

// The field that an INT_FMT_CDE stands for.
Result<Field> interval_field(const Field& field, const TableContext& context) {
  AMITY_TRY(const std::uint32_t code, need(context, field.size.var));
  Field f;
  const auto set = [&f](Type type, std::uint16_t size) {
    f.type = type;
    f.size.literal = size;
    return f;
  };
  switch (code) {
    case 1:
      return set(Type::kUnsigned, 1);
    case 2:
      return set(Type::kUnsigned, 2);
    case 4:
      return set(Type::kUnsigned, 4);
    case 8:
      return set(Type::kSigned, 1);
    case 16:
      return set(Type::kSigned, 2);
    case 32:
      return set(Type::kSigned, 4);
    case 64:
      return set(Type::kNi1, 0);
    case 128:
      return set(Type::kNi2, 0);
    default:
      return make_error(ErrorCode::kUnsupported, fmt::format("interval format {}", code));
  }
}

Result<std::uint32_t> extent(const Extent& e, const TableContext& context) {
  if (e.var == Var::kNone) return std::uint32_t{e.literal};
  AMITY_TRY(const std::uint32_t n, need(context, e.var));
  return e.measure == Measure::kPlain ? n : e.measure == Measure::kEighth ? (n + 7) / 8 : n / 2 + 1;
}

Status put_padded(ByteView bytes, std::size_t size, std::uint8_t padding, Bytes& out) {
  if (bytes.size() > size) {
    return make_error(ErrorCode::kInvalid,
                      fmt::format("{} bytes where {} belong", bytes.size(), size));
  }
  append(out, bytes);
  out.insert(out.end(), size - bytes.size(), padding);
  return {};
}

Result<bool> byte_order(const Field& field, std::size_t size, const TableContext& context) {
  if (size == 1 && field.type != Type::kNi1 && field.type != Type::kNi2) return false;
  AMITY_TRY(const std::uint32_t order, need(context, Var::kDataOrder));
  return order != 0;
}

}  // namespace

Value number(std::int64_t value) {
  Value out;
  out.number = {value, 0};
  return out;
}

Result<std::size_t> value_size(const Field& field, const TableContext& context) {
  switch (field.type) {
    case Type::kRecord:
    case Type::kRest:
      break;
    case Type::kNi1:
    case Type::kNi2: {
      AMITY_TRY(const NiFormat format, ni_format(field.type, context));
      return std::size_t{format.size};
    }
    case Type::kLongTime:
    case Type::kShortTime:
    case Type::kTime:
    case Type::kDate: {
      AMITY_TRY(const std::uint32_t format, need(context, Var::kTimeFormat));
      if (format == 0 || format > 4) {
        return make_error(ErrorCode::kUnsupported, fmt::format("time format {}", format));
      }
      return time_size(field.type, format);
    }
    case Type::kId: {
      AMITY_TRY(const std::uint32_t form, need(context, Var::kIdForm));
      return std::size_t{field.size.literal} * (form == 0 ? 2 : 1);
    }
    case Type::kInterval: {
      AMITY_TRY(const Field f, interval_field(field, context));
      return value_size(f, context);
    }
    default: {
      AMITY_TRY(const std::uint32_t size, extent(field.size, context));
      return std::size_t{size};
    }
  }
  AMITY_ASSERT(!"a record has no size of its own");
  return std::size_t{0};
}

Result<Value> decode_value(const Field& field, ByteView bytes, const TableContext& context) {
  switch (field.type) {
    case Type::kUnsigned:
    case Type::kBits: {
      AMITY_TRY(const bool big, byte_order(field, bytes.size(), context));
      return number(static_cast<std::int64_t>(unsigned_from(bytes, big)));
    }
    case Type::kSigned: {
      AMITY_TRY(const bool big, byte_order(field, bytes.size(), context));
      AMITY_TRY(const std::uint32_t format, need(context, Var::kIntFormat));
      return number(signed_from(unsigned_from(bytes, big), bytes.size(), format));
    }
    case Type::kText:
      return raw(bytes, Value::Kind::kText);
    case Type::kId: {
      AMITY_TRY(const std::uint32_t form, need(context, Var::kIdForm));
      return raw(bytes, form == 0 ? Value::Kind::kText : Value::Kind::kBytes);
    }
    case Type::kNi1:
    case Type::kNi2: {
      AMITY_TRY(const NiFormat format, ni_format(field.type, context));
      AMITY_TRY(const std::uint32_t order, need(context, Var::kDataOrder));
      AMITY_TRY(const std::uint32_t int_format, need(context, Var::kIntFormat));
      return decode_ni(format, bytes, order != 0, int_format);
    }
    case Type::kLongTime:
    case Type::kShortTime:
    case Type::kDate:
    case Type::kTime: {
      AMITY_TRY(const std::uint32_t format, need(context, Var::kTimeFormat));
      AMITY_TRY(const std::uint32_t order, need(context, Var::kDataOrder));
      if (field.type == Type::kTime) return decode_time_of_day(format, bytes, order != 0);
      return decode_clock(field.type, format, bytes, order != 0);
    }
    case Type::kInterval: {
      AMITY_TRY(const Field f, interval_field(field, context));
      return decode_value(f, bytes, context);
    }
    default:
      return raw(bytes);
  }
}

Status encode_value(const Field& field, std::size_t size, const Value& value,
                    const TableContext& context, Bytes& out) {
  const bool text = field.type == Type::kText ||
                    (field.type == Type::kId && context.get(Var::kIdForm).value_or(0) == 0);
  if (value.kind == Value::Kind::kBytes || value.kind == Value::Kind::kText) {
    return put_padded(value.bytes, size, text ? ' ' : 0, out);
  }
  AMITY_TRY(const bool big, byte_order(field, size, context));
  const auto number_here = [&value]() -> Status {
    if (value.kind == Value::Kind::kNumber && value.number.exponent == 0) return {};
    return make_error(ErrorCode::kInvalid, "a whole number belongs here");
  };
  switch (field.type) {
    case Type::kUnsigned:
    case Type::kBits: {
      AMITY_CHECK(number_here());
      if (value.number.value < 0 || (size < 8 && value.number.value >> (8 * size) != 0)) {
        return make_error(ErrorCode::kInvalid,
                          fmt::format("{} does not fit into {} bytes", value.number.value, size));
      }
      put_unsigned(static_cast<std::uint64_t>(value.number.value), size, big, out);
      return {};
    }
    case Type::kSigned: {
      AMITY_CHECK(number_here());
      AMITY_TRY(const std::uint32_t format, need(context, Var::kIntFormat));
      AMITY_TRY(const std::uint64_t bits, raw_from(value.number.value, size, format));
      put_unsigned(bits, size, big, out);
      return {};
    }
    case Type::kNi1:
    case Type::kNi2: {
      AMITY_TRY(const NiFormat format, ni_format(field.type, context));
      AMITY_TRY(const std::uint32_t int_format, need(context, Var::kIntFormat));
      return encode_ni(format, value, big, int_format, out);
    }
    case Type::kTime: {
      AMITY_CHECK(number_here());
      AMITY_TRY(const std::uint32_t format, need(context, Var::kTimeFormat));
      return encode_time_of_day(format, value.number.value, big, out);
    }
    case Type::kLongTime:
    case Type::kShortTime:
    case Type::kDate: {
      if (value.kind != Value::Kind::kTime)
        return make_error(ErrorCode::kInvalid, "a time belongs here");
      AMITY_TRY(const std::uint32_t format, need(context, Var::kTimeFormat));
      return encode_clock(field.type, format, value.time, big, out);
    }
    case Type::kInterval: {
      AMITY_TRY(const Field f, interval_field(field, context));
      return encode_value(f, size, value, context, out);
    }
    default:
      return make_error(ErrorCode::kInvalid, "bytes belong here");
  }
}

Status encode_long_time(const wire::MeterTime& time, const TableContext& context, Bytes& out) {
  Field field;
  field.type = Type::kLongTime;
  AMITY_TRY(const std::size_t size, value_size(field, context));
  Value value;
  value.kind = Value::Kind::kTime;
  value.time = time;
  return encode_value(field, size, value, context, out);
}

}  // namespace amity::c12
