// What `amity read` prints: a table for people, or one JSON object a line.
#pragma once

#include <string>
#include <vector>

#include "headend/meter_layout.h"
#include "headend/profile_rows.h"

namespace amity::app {

struct ReadValue {
  std::uint16_t class_id = 0;
  dlms::Obis obis;
  std::int8_t attribute = 2;
  std::string text;   // the value, scaled where it has a scaler; or why there is none
  std::string unit;   // "" for none
  bool ok = true;
};

void print_value(const ReadValue& value, bool json);
void print_rows(const headend::Profile& profile, const headend::ProfileRows& rows, bool json);
// A value in words: numbers with their scaler, strings as text where they are text.
std::string value_text(ByteView encoded, std::int8_t exponent);

}  // namespace amity::app
