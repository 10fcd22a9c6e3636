// What a readout or an answer says, as a report; load profiles as interval readings.
#pragma once

#include <vector>

#include "wire/iec62056_21/data_set.h"
#include "wire/iec62056_21/message.h"

namespace amity::iec62056_21 {

// Data sets one after the other: values, historical values (storage = the number behind '*' or
// '&'), maxima with their time, identity (0.0.0, C.1.0), clock (0.9.1, 0.9.2), error code (F.F).
Status read_data(std::string_view data, wire::Report& report);
void note_identification(const Identification& identification, wire::Report& report);

// P.01(time)(status)(minutes)(columns)(address)(unit)(address)(unit)... followed by a value per
// column and row. The header's time is the end of the first row's interval (VDEW); a new header
// stands where the series breaks.
struct ProfileColumn {
  std::string address, unit;
};
struct ProfileBlock {
  std::string address;  // "P.01"
  wire::MeterTime time;
  std::string status;  // as sent, hexadecimal digits of the header
  int period_minutes = 0;
  std::vector<ProfileColumn> columns;
  std::vector<std::vector<std::string>> rows;  // an empty cell: no value
};
Result<std::vector<ProfileBlock>> parse_profile(std::string_view data);
// Time of a row: the header's and as many periods, on the meter's clock.
wire::MeterTime row_time(const ProfileBlock& block, std::size_t row);
void append_profile(const std::vector<ProfileBlock>& profile, wire::Report& report);

}  // namespace amity::iec62056_21
