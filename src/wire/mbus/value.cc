#include "wire/mbus/value.h"

#include <cstring>
#include <limits>

#include "wire/mbus/address.h"
#include "wire/mbus/date.h"

namespace amity::mbus {
namespace {

constexpr std::uint8_t kLvarTextMax = 0xBF, kLvarBcd = 0xC0, kLvarNegativeBcd = 0xD0,
                       kLvarBinary = 0xE0;
constexpr int kExponentMax = 18;  // of a Decimal

// Of the variable part, without the LVAR byte; nullopt: the LVAR has no meaning.
std::optional<std::size_t> variable_bytes(std::uint8_t lvar) {
  if (lvar <= kLvarTextMax) return lvar;
  if (lvar <= 0xEF) return lvar & 0x0F;
  if (lvar <= 0xF4) return std::size_t{4} * (lvar - 0xECu);
  if (lvar == 0xF5) return 48;
  if (lvar == 0xF6) return 64;
  return std::nullopt;
}

// Absent where a digit is none. F in the first place is a minus sign (EN 13757-3, annex B).
std::optional<std::int64_t> bcd(ByteView data) {
  if (data.empty() || data.size() > 9) return std::nullopt;
  std::int64_t value = 0;
  bool negative = false;
  for (std::size_t i = data.size(); i-- > 0;) {
    unsigned high = data[i] >> 4;
    const unsigned low = data[i] & 0x0F;
    if (i + 1 == data.size() && high == 0xF) {
      negative = true;
      high = 0;
    }
    if (high > 9 || low > 9) return std::nullopt;
    value = value * 100 + high * 10 + low;
  }
  return negative ? -value : value;
}

std::uint64_t little_endian(ByteView data) {
  std::uint64_t value = 0;
  for (std::size_t i = data.size(); i-- > 0;) value = value << 8 | data[i];
  return value;
}

// Type B: the most negative number means "invalid".
std::optional<std::int64_t> signed_integer(ByteView data) {
  if (data.empty()) return std::nullopt;
  const unsigned unused = 64 - 8 * static_cast<unsigned>(data.size());
  const std::uint64_t shifted = little_endian(data) << unused;
  if (shifted == std::uint64_t{1} << 63) return std::nullopt;
  return static_cast<std::int64_t>(shifted) >> unused;
}

bool is_bcd(DataField f) {
  return (f >= DataField::kBcd2 && f <= DataField::kBcd8) || f == DataField::kBcd12;
}
bool is_integer(DataField f) {
  return (f >= DataField::kInt8 && f <= DataField::kInt32) || f == DataField::kInt48 ||
         f == DataField::kInt64;
}

std::string digits(ByteView data) {
  std::string text;
  for (std::size_t i = data.size(); i-- > 0;) {
    text.push_back("0123456789ABCDEF"[data[i] >> 4]);
    text.push_back("0123456789ABCDEF"[data[i] & 0xF]);
  }
  return text;
}

double power_of_ten(int exponent) {
  double result = 1;
  for (int i = 0; i < (exponent < 0 ? -exponent : exponent); ++i) result *= 10;
  return exponent < 0 ? 1 / result : result;
}

// value x factor x 10^exponent + 10^additive, exactly; as a double only where 64 bits cannot hold
// it.
void set_number(std::int64_t number, const ValueRules& rules, wire::Reading& reading) {
  std::int64_t value = number;
  int exponent = rules.exponent;
  bool exact = !__builtin_mul_overflow(value, std::int64_t{rules.factor}, &value);
  if (exact && rules.additive_exponent) {
    const int lowest = std::min(exponent, *rules.additive_exponent);
    const auto scaled = rescale(Decimal{value, exponent}, lowest);
    const auto addend = rescale(Decimal{1, *rules.additive_exponent}, lowest);
    exact = scaled.ok() && addend.ok() && !__builtin_add_overflow(*scaled, *addend, &value);
    exponent = lowest;
  }
  if (exact && exponent >= -kExponentMax && exponent <= kExponentMax) {
    reading.value = Decimal{value, exponent};
    return;
  }
  double real = static_cast<double>(number) * rules.factor * power_of_ten(rules.exponent);
  if (rules.additive_exponent) real += power_of_ten(*rules.additive_exponent);
  reading.value = real;
}

void set_text(std::string text, wire::Reading& reading) {
  reading.value = std::move(text);
}

void add_words(std::string_view words, std::string& note) {
  if (!note.empty()) note += ", ";
  note += words;
}

void set_enhanced_id(ByteView data, wire::Reading& reading) {
  const Address address = transport_address_from(data);
  set_text(id_text(address.id), reading);
  add_words(manufacturer_text(address.manufacturer), reading.note);
  reading.note += ", version " + std::to_string(address.version) + ", ";
  reading.note += device_type_text(address.type);
}

void set_unsigned(ByteView data, const ValueRules& rules, wire::Reading& reading) {
  const std::uint64_t value = little_endian(data);
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return set_text("0x" + digits(data), reading);
  }
  set_number(static_cast<std::int64_t>(value), rules, reading);
}

void set_variable(ByteView data, const ValueRules& rules, wire::Reading& reading) {
  const std::uint8_t lvar = data[0];
  const ByteView body = data.subspan(1);
  if (lvar <= kLvarTextMax) return set_text(reversed_text(body), reading);
  if (lvar < kLvarBinary) {
    const auto number = bcd(body);
    if (number) {
      return set_number(lvar >= kLvarNegativeBcd ? -*number : *number, rules, reading);
    }
    return body.empty() ? void(reading.value = no_value()) : set_text(digits(body), reading);
  }
  if (lvar <= kLvarBinary + 8 && !body.empty() && rules.value_class != ValueClass::kCode) {
    const auto number = signed_integer(body);
    return number ? set_number(*number, rules, reading) : void(reading.value = no_value());
  }
  if (body.size() <= 8 && !body.empty()) return set_unsigned(body, rules, reading);
  set_text(to_hex(body), reading);
}

std::optional<wire::MeterTime> set_time(DataField field, ByteView data, ValueClass value_class,
                                        wire::Reading& reading) {
  std::optional<MeterDate> date;
  if (field == DataField::kInt16) {
    date = date_g(data);
    if (reading.quantity == "date and time") reading.quantity = "date";
  } else if (field == DataField::kInt32 && value_class == ValueClass::kDateTime) {
    date = date_time_f(data);
  } else if (field == DataField::kInt48 && value_class == ValueClass::kDateTime) {
    date = date_time_i(data);
  } else if (field == DataField::kInt24 && value_class == ValueClass::kDateTime) {
    const auto of_day = time_j(data);
    of_day ? set_text(*of_day, reading) : void(reading.value = no_value());
    return std::nullopt;
  } else {  // no type of date has this size: the bytes as they are
    set_text("0x" + digits(data), reading);
    return std::nullopt;
  }
  if (!date) {
    reading.value = no_value();
    return std::nullopt;
  }
  std::string text = to_string(date->time);
  if (date->every_year) text.replace(0, 4, "-");  // "--07-01"
  set_text(std::move(text), reading);
  if (!date->valid) add_words("marked invalid by the meter", reading.note);
  if (!date->valid || date->every_year) return std::nullopt;
  return date->time;
}

}  // namespace

double no_value() {
  return std::numeric_limits<double>::quiet_NaN();
}

std::string reversed_text(ByteView text) {
  std::string result;
  for (std::size_t i = text.size(); i-- > 0;) {
    const std::uint8_t c = text[i];
    if (c == 0) continue;  // padding
    if (c < 0x80) {
      result.push_back(static_cast<char>(c));
    } else {
      result.push_back(static_cast<char>(0xC0 | c >> 6));
      result.push_back(static_cast<char>(0x80 | (c & 0x3F)));
    }
  }
  return result;
}

Result<std::size_t> value_bytes(DataField field, ByteView after_head, std::size_t base_offset) {
  std::size_t size = data_bytes(field);
  if (field == DataField::kVariable) {
    if (after_head.empty())
      return make_error(ErrorCode::kTruncated, "the data end before the LVAR", base_offset);
    const auto more = variable_bytes(after_head[0]);
    if (!more) {
      return make_error(ErrorCode::kMalformed,
                        "the LVAR " + to_hex(after_head.first(1)) + " has no meaning", base_offset);
    }
    size = 1 + *more;
  }
  if (after_head.size() < size) {
    return make_error(ErrorCode::kTruncated,
                      "the value needs " + std::to_string(size) + " bytes, " +
                          std::to_string(after_head.size()) + " are left",
                      base_offset);
  }
  return size;
}

std::optional<wire::MeterTime> read_value(DataField field, ByteView data, const ValueRules& rules,
                                          wire::Reading& reading) {
  using enum ValueClass;
  if (data.empty()) {  // no data, or a selection for readout
    reading.value = no_value();
    return std::nullopt;
  }
  if (rules.value_class == kDate || rules.value_class == kDateTime)
    return set_time(field, data, rules.value_class, reading);
  if (rules.value_class == kDaylightSaving) {  // type K: a bit field whatever carries it
    set_text("0x" + digits(field == DataField::kVariable ? data.subspan(1) : data), reading);
  } else if (field == DataField::kVariable) {
    set_variable(data, rules, reading);
  } else if (field == DataField::kReal32) {
    float real = 0;
    const auto bits = static_cast<std::uint32_t>(little_endian(data));
    std::memcpy(&real, &bits, sizeof real);
    reading.value = static_cast<double>(real) * rules.factor * power_of_ten(rules.exponent);
  } else if (rules.value_class == kEnhancedId && data.size() == 8) {
    set_enhanced_id(data, reading);
  } else if (is_bcd(field)) {
    const auto number = bcd(data);
    if (!number) {
      reading.value = no_value();
    } else if (rules.value_class == kIdentifier || rules.value_class == kEnhancedId) {
      set_text(digits(data), reading);
    } else {
      set_number(*number, rules, reading);
    }
  } else if (is_integer(field) && (rules.value_class == kTotal || rules.value_class == kNumber)) {
    const auto number = signed_integer(data);
    number ? set_number(*number, rules, reading) : void(reading.value = no_value());
  } else {
    set_unsigned(data, rules, reading);
  }
  return std::nullopt;
}

}  // namespace amity::mbus
