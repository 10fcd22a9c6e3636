// Numbers and times of fixed digits, as the line formats have them, and fields of a line.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/civil.h"

namespace amity::exchange {

// Digits alone, at most 18 of them.
std::optional<std::int64_t> whole_number(std::string_view digits);

// "YYYYMMDD", "YYYYMMDDhhmm" or "YYYYMMDDhhmmss", a date of the calendar; 24:00 is the next day's
// midnight. Years 1900 to 2199.
std::optional<CivilTime> civil_from_digits(std::string_view digits);
// The instant of a wall clock: the first of two where the hour is repeated, none where it is
// skipped.
std::optional<UtcSeconds> instant_of(const CivilTime& civil, const TimeZone& zone);
std::optional<UtcSeconds> instant_from_digits(std::string_view digits, const TimeZone& zone);

std::string_view trimmed(std::string_view text);
// Separated by `separator`, without quotes, trimmed; false where there are more than kFieldsMax.
bool split_fields(std::string_view line, char separator, std::vector<std::string_view>& fields);

}  // namespace amity::exchange
