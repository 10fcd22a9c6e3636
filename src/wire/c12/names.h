// Words for the codes of C12.19: units of measure (ST12), events (ST74, ST76), procedure results.
#pragma once

#include <cstdint>
#include <string_view>

namespace amity::c12 {

// One entry of ST12.
struct Uom {
  std::uint8_t id = 0;         // 0 W, 1 var, 2 VA, 8 V rms, ...
  std::uint8_t time_base = 0;  // 0 dial reading, 1 instantaneous, 4 block demand, 5 relative, ...
  std::uint8_t multiplier = 0;
  std::uint8_t quadrants = 0;  // bit 0: first
  bool net = false;
  std::uint8_t segmentation = 0;
  bool harmonic = false, non_standard = false;

  static Uom from(std::uint32_t entry);
  bool accumulates() const { return time_base == 0 || time_base == 5; }
};
// Empty where the id is not one of electricity that is known here.
std::string_view quantity_of(const Uom& uom);
std::string_view unit_of(const Uom& uom);
int exponent_of(const Uom& uom);            // of the multiplier: -6 to 9
std::string_view phase_of(const Uom& uom);  // "L1", "L1-L2", "neutral"; empty: of all
std::string_view kind_of(const Uom& uom);   // "total", "instantaneous", "average", ...

std::string_view event_name(std::uint16_t code);  // of the standard; empty where unknown
std::string_view procedure_result_name(std::uint8_t code);
std::string_view interval_status_name(std::uint8_t nibble);  // of a channel

}  // namespace amity::c12
