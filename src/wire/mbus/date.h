// Dates and times as data records carry them: types G, F, I and J of EN 13757-3, annex A.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "wire/report/report.h"

namespace amity::mbus {

struct MeterDate {
  wire::MeterTime time;
  bool valid = true;        // the meter stands by it
  bool every_year = false;  // type G with the year 127: month and day alone
};

// Nothing where there is no such day (00, "every") or time.
std::optional<MeterDate> date_g(ByteView two_bytes);
std::optional<MeterDate> date_time_f(ByteView four_bytes);
std::optional<MeterDate> date_time_i(ByteView six_bytes);
// "14:15:09": a time of day alone.
std::optional<std::string> time_j(ByteView three_bytes);

// The other way; years 2000 to 2099 (1981 to 2099 for dates).
void append_date_g(const wire::MeterTime& time, Bytes& out);
void append_date_time_f(const wire::MeterTime& time, Bytes& out);
void append_date_time_i(const wire::MeterTime& time, Bytes& out);

}  // namespace amity::mbus
