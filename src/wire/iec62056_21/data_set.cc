#include "wire/iec62056_21/data_set.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

#include "base/units.h"

namespace amity::iec62056_21 {
namespace {

constexpr char kEtx = 0x03, kEot = 0x04, kStx = 0x02;
constexpr int kDigitsMax = 18;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
// Eight digits, the first in the lowest byte, become the numbers of their pairs in every other
// byte. False: one is no digit.
bool read_pairs(std::uint64_t& word) {
  static_assert(std::endian::native == std::endian::little);
  word ^= 0x3030303030303030;
  if ((((word + 0x7676767676767676) | word) & 0x8080808080808080) != 0) return false;
  word = word * 10 + (word >> 8);
  return true;
}

bool is_blank(char c) {
  return c == '\r' || c == '\n' || c == ' ' || c == kStx;
}

struct UnitName {
  std::string_view text, symbol;
  int exponent;
};
constexpr UnitName kUnits[] = {
    {"kWh", "Wh", 3},    {"kW", "W", 3},       {"V", "V", 0},        {"A", "A", 0},
    {"m3", "m3", 0},     {"Wh", "Wh", 0},      {"W", "W", 0},        {"kvarh", "varh", 3},
    {"kvar", "var", 3},  {"varh", "varh", 0},  {"var", "var", 0},    {"kVAh", "VAh", 3},
    {"kVA", "VA", 3},    {"VAh", "VAh", 0},    {"VA", "VA", 0},      {"s", "s", 0},
    {"GJ", "J", 9},      {"MJ", "J", 6},       {"kJ", "J", 3},       {"J", "J", 0},
    {"MWh", "Wh", 6},    {"MW", "W", 6},       {"Mvarh", "varh", 6}, {"Mvar", "var", 6},
    {"Hz", "Hz", 0},     {"%", "%", 0},        {"K", "K", 0},        {"C", "degC", 0},
    {"m3/h", "m3/h", 0}, {"m3h", "m3/h", 0},   {"bar", "bar", 0},    {"mA", "A", -3},
    {"l", "m3", -3},     {"dm3", "m3", -3},    {"GWh", "Wh", 9},     {"kV", "V", 3},
    {"KWH", "Wh", 3},    {"kVarh", "varh", 3}, {"kVar", "var", 3},
};

// A group: a number or one of the letters of IEC 62056-61. Returns the place behind it, or null.
inline const char* read_group(const char* at, const char* end, std::uint8_t& group) {
  if (at == end) return nullptr;
  if (!is_digit(*at)) {
    static constexpr std::string_view kLetters = "CFLP";
    const std::size_t letter = kLetters.find(*at);
    if (letter == std::string_view::npos) return nullptr;
    group = static_cast<std::uint8_t>(96 + letter);
    return at + 1;
  }
  unsigned value = 0;
  for (; at != end && is_digit(*at); ++at) {
    value = value * 10 + static_cast<unsigned>(*at - '0');
    if (value > 255) return nullptr;
  }
  group = static_cast<std::uint8_t>(value);
  return at;
}

}  // namespace

Result<bool> DataReader::next(DataSet& set) {
  const char* const begin = block_.data();
  const char* const end = begin + block_.size();
  const char* at = begin + at_;
  const auto fail = [&](ErrorCode code, const char* reason) {
    at_ = static_cast<std::size_t>(at - begin);
    return make_error(code, reason, base_ + at_);
  };
  while (at != end && is_blank(*at)) ++at;
  if (at == end || *at == '!' || *at == kEtx || *at == kEot) {
    at_ = static_cast<std::size_t>(at - begin);
    return false;
  }
  const char* const address = at;
  while (at != end && *at != '(' && *at != '\r' && *at != '\n') {
    if (static_cast<unsigned char>(*at) < 0x20 || *at == ')')
      return fail(ErrorCode::kMalformed, "no address of a data set");
    ++at;
  }
  set.address = {address, static_cast<std::size_t>(at - address)};
  set.offset = base_ + static_cast<std::size_t>(address - begin);
  set.count = 0;
  while (at != end) {
    const char* ahead = at;
    while (ahead != end && is_blank(*ahead)) ++ahead;
    if (ahead == end || *ahead != '(') break;
    at = ahead + 1;
    const char* const text = at;
    const char* star = nullptr;
    while (at != end && *at != ')') {
      if (*at == '(' || *at == '\n') return fail(ErrorCode::kMalformed, "')' is missing");
      if (*at == '*' && star == nullptr) star = at;
      ++at;
    }
    if (at == end) return fail(ErrorCode::kTruncated, "')' is missing");
    if (set.count == kGroupsMax) return fail(ErrorCode::kLimit, "too many values in a data set");
    DataGroup& group = set.groups[set.count++];
    group.text = {text, static_cast<std::size_t>(at - text)};
    const char* const value_end = star == nullptr ? at : star;
    group.value = {text, static_cast<std::size_t>(value_end - text)};
    group.unit = {};
    if (star != nullptr) group.unit = {star + 1, static_cast<std::size_t>(at - star - 1)};
    ++at;
  }
  at_ = static_cast<std::size_t>(at - begin);
  return true;
}

std::optional<dlms::Obis> parse_address(std::string_view text) {
  dlms::Obis obis{1, 0, 0, 0, 0, 255};
  std::size_t group = 2;  // A and B show themselves by what stands behind them
  const char* at = text.data();
  const char* const end = at + text.size();
  bool any = false;
  while (true) {
    std::uint8_t value = 0;
    at = read_group(at, end, value);
    if (at == nullptr) return std::nullopt;
    if (at != end && *at == '-' && !any) {
      obis.bytes[0] = value;
      group = 1;
      any = true;
      ++at;
      continue;
    }
    if (at != end && *at == ':' && (!any || group == 1)) {
      obis.bytes[1] = value;
      group = 2;
      any = true;
      ++at;
      continue;
    }
    if (group < 2 || group > 5) return std::nullopt;
    obis.bytes[group] = value;
    if (at == end) return group >= 3 ? std::optional(obis) : std::nullopt;
    if (*at == '*' || *at == '&') {
      if (group < 3 || group > 4) return std::nullopt;
      group = 5;
    } else if (*at == '.') {
      ++group;
    } else {
      return std::nullopt;
    }
    any = true;
    ++at;
  }
}

std::optional<Decimal> parse_number(std::string_view text) {
  Decimal number;
  std::size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++at;
  int digits = 0;
  bool point = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (is_digit(c)) {
      if (digits == kDigitsMax) return std::nullopt;
      number.value = number.value * 10 + (c - '0');
      if (number.value != 0) ++digits;
      if (point && --number.exponent < -kDigitsMax) return std::nullopt;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      return std::nullopt;
    }
  }
  if (text.empty() || !is_digit(text.back())) return std::nullopt;
  if (negative) number.value = -number.value;
  return number;
}

ScaledUnit parse_unit(std::string_view text) {
  for (const UnitName& unit : kUnits) {
    if (unit.text.size() == text.size() && unit.text == text) return {unit.symbol, unit.exponent};
  }
  return {};
}

void set_value(const DataGroup& group, std::uint8_t implied_unit, wire::Reading& reading) {
  const std::optional<Decimal> number = parse_number(group.value);
  if (!number) {
    reading.value.emplace<std::string>(group.text);
    return;
  }
  Decimal& value = reading.value.emplace<Decimal>(*number);
  if (group.unit.empty()) {
    reading.unit = dlms_unit_symbol(implied_unit);
    return;
  }
  const ScaledUnit unit = parse_unit(group.unit);
  reading.unit = unit.symbol;
  value.exponent += unit.exponent;
  if (unit.symbol.empty()) reading.note.assign("unit ").append(group.unit);
}

std::optional<wire::MeterTime> parse_time(std::string_view text) {
  wire::MeterTime time;
  if (!text.empty() && (text.back() == 'S' || text.back() == 'W')) {
    time.daylight_saving = text.back() == 'S';
    text.remove_suffix(1);
  } else if (text.size() == 11 || text.size() == 13) {
    // A season digit in front: 0 normal time, 1 summer time, 2 UTC.
    if (text[0] < '0' || text[0] > '2') return std::nullopt;
    time.daylight_saving = text[0] == '1';
    if (text[0] == '2') time.utc_offset_minutes = std::int16_t{0};
    text.remove_prefix(1);
  }
  if (text.size() != 10 && text.size() != 12) return std::nullopt;
  char digits[16] = {'0', '0', '0', '0', '0', '0', '0', '0',
                     '0', '0', '0', '0', '0', '0', '0', '0'};
  std::memcpy(digits, text.data(), 10);
  if (text.size() == 12) std::memcpy(digits + 10, text.data() + 10, 2);
  std::uint64_t date, clock;
  std::memcpy(&date, digits, sizeof date);
  std::memcpy(&clock, digits + sizeof date, sizeof clock);
  if (!read_pairs(date) || !read_pairs(clock)) return std::nullopt;
  const auto byte = [](std::uint64_t word, int i) {
    return static_cast<std::uint8_t>(word >> 8 * i);
  };
  time.year = static_cast<std::int16_t>(2000 + byte(date, 0));
  time.month = byte(date, 2);
  time.day = byte(date, 4);
  time.hour = byte(date, 6);
  time.minute = byte(clock, 0);
  time.second = byte(clock, 2);
  time.precision =
      text.size() == 12 ? wire::MeterTime::Precision::kSecond : wire::MeterTime::Precision::kMinute;
  const bool real = time.month >= 1 && time.month <= 12 && time.day >= 1 && time.day <= 31 &&
                    time.hour <= 24 && time.minute < 60 && time.second < 60;
  return real ? std::optional(time) : std::nullopt;
}

}  // namespace amity::iec62056_21
