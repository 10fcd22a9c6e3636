// Data sets of IEC 62056-21 clause 6.6: an address (OBIS, EDIS or the maker's own) and values in
// parentheses, each a text that may be value*unit. P1 telegrams are written the same way.
#pragma once

#include <array>
#include <optional>

#include "base/decimal.h"
#include "wire/dlms/obis.h"
#include "wire/iec62056_21/limits.h"
#include "wire/report/report.h"

namespace amity::iec62056_21 {

struct DataGroup {
  std::string_view text;         // between the parentheses
  std::string_view value, unit;  // around the '*'; without one, all of it is the value
};

struct DataSet {
  std::string_view address;
  std::array<DataGroup, kGroupsMax> groups;
  std::size_t count = 0;   // of groups
  std::size_t offset = 0;  // of the address in the input

  const DataGroup& group(std::size_t i) const { return groups[i]; }
};

// One data set after the other; line ends between and inside them do not matter. Ends at '!', ETX,
// EOT, or the end.
class DataReader {
 public:
  explicit DataReader(std::string_view block, std::size_t base_offset = 0)
      : block_(block), base_(base_offset) {}
  // False: none is left. An error: what stands there is no data set.
  Result<bool> next(DataSet& set);
  std::size_t position() const { return at_; }

 private:
  std::string_view block_;
  std::size_t at_ = 0, base_;
};

// "1-0:1.8.0*255", "1.8.0", "1.8.0*01", "C.1.0", "F.F": the letters C, F, L, P are groups 96 to 99;
// what is left out is A = 1, B = 0, E = 0, F = 255.
std::optional<dlms::Obis> parse_address(std::string_view text);
// Digits with a point, sign; up to 18 digits.
std::optional<Decimal> parse_number(std::string_view text);

struct ScaledUnit {
  std::string_view symbol;  // as reports name it; empty where the unit is unknown
  int exponent = 0;         // kWh is Wh with 3
};
ScaledUnit parse_unit(std::string_view text);
// The number in the report's unit. An unknown unit stays beside it in the note.
void set_value(const DataGroup& group, std::uint8_t implied_unit, wire::Reading& reading);

// YYMMDDhhmm, YYMMDDhhmmss, either with S or W behind it or a season digit in front; nullopt for
// anything else.
std::optional<wire::MeterTime> parse_time(std::string_view text);

}  // namespace amity::iec62056_21
