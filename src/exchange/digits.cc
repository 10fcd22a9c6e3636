#include "exchange/digits.h"

#include "exchange/limits.h"

namespace amity::exchange {
namespace {

int part(std::string_view digits, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) value = value * 10 + (digits[i] - '0');
  return value;
}

int days_in_month(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

}  // namespace

std::optional<std::int64_t> whole_number(std::string_view digits) {
  if (digits.empty() || digits.size() > 18) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<CivilTime> civil_from_digits(std::string_view digits) {
  const std::size_t n = digits.size();
  if ((n != 8 && n != 12 && n != 14) || !whole_number(digits)) return std::nullopt;
  CivilTime civil;
  civil.year = part(digits, 0, 4);
  civil.month = part(digits, 4, 2);
  civil.day = part(digits, 6, 2);
  if (n >= 12) {
    civil.hour = part(digits, 8, 2);
    civil.minute = part(digits, 10, 2);
  }
  if (n == 14) civil.second = part(digits, 12, 2);
  if (civil.year < 1900 || civil.year > 2199 || civil.month < 1 || civil.month > 12)
    return std::nullopt;
  if (civil.day < 1 || civil.day > days_in_month(civil.year, civil.month)) return std::nullopt;
  const bool midnight = civil.hour == 24 && civil.minute == 0 && civil.second == 0;
  if ((civil.hour > 23 && !midnight) || civil.minute > 59 || civil.second > 59) return std::nullopt;
  return civil;
}

std::optional<UtcSeconds> instant_of(const CivilTime& civil, const TimeZone& zone) {
  const bool midnight = civil.hour == 24;
  const auto instants = zone.instants(civil.year, civil.month, civil.day,
                                      midnight ? 23 : civil.hour, civil.minute, civil.second);
  if (instants.empty()) return std::nullopt;
  return midnight ? instants.back() + 3'600 : instants.front();
}

std::optional<UtcSeconds> instant_from_digits(std::string_view digits, const TimeZone& zone) {
  const auto civil = civil_from_digits(digits);
  return civil ? instant_of(*civil, zone) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool split_fields(std::string_view line, char separator, std::vector<std::string_view>& fields) {
  fields.clear();
  for (;;) {
    if (fields.size() >= kFieldsMax) return false;
    const std::size_t end = line.find(separator);
    fields.push_back(trimmed(line.substr(0, end)));
    if (end == std::string_view::npos) return true;
    line.remove_prefix(end + 1);
  }
}

}  // namespace amity::exchange
