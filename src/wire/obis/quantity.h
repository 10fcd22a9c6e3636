// What an OBIS code measures, in words (IEC 62056-6-1). All words are static.
#pragma once

#include <cstdint>
#include <string_view>

#include "wire/dlms/obis.h"

namespace amity::obis {

using dlms::Obis;

struct Quantity {
  std::string_view name;    // "active energy import", "voltage L1"; empty where unknown
  std::uint8_t unit = 255;  // DLMS unit the code implies; 255 where it implies none
  std::string_view kind;    // "total", "instantaneous", "maximum", ...; empty where unknown
};

Quantity quantity_of(const Obis& obis);
// "electricity", "gas", ...; empty for abstract objects (A = 0) and unknown media.
std::string_view medium_of(const Obis& obis);

// Identifies the meter: serial numbers, logical device name, GS1.
bool is_meter_id(const Obis& obis);
bool is_meter_model(const Obis& obis);
bool is_logical_device_name(const Obis& obis);
bool is_clock(const Obis& obis);
// Error, alarm and event codes: F.F objects 97.97, 97.98 and 96.11.
bool is_event_code(const Obis& obis);

}  // namespace amity::obis
