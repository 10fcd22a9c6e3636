// What an OBIS code measures, in words (IEC 62056-6-1).
#pragma once

#include <cstdint>
#include <string>

#include "wire/dlms/obis.h"

namespace amity::decode {

struct Quantity {
  std::string name;         // "active energy import", "voltage L1"; empty where unknown
  std::uint8_t unit = 255;  // DLMS unit the code implies; 255 where it implies none
  std::string kind;         // "total", "instantaneous", "maximum", ...; empty where unknown
};

Quantity quantity_of(const dlms::Obis& obis);
// "electricity", "gas", ...; empty for abstract objects (A = 0) and unknown media.
std::string medium_of(const dlms::Obis& obis);

// Identifies the meter: serial numbers, logical device name, GS1.
bool is_meter_id(const dlms::Obis& obis);
bool is_meter_model(const dlms::Obis& obis);
bool is_logical_device_name(const dlms::Obis& obis);
bool is_clock(const dlms::Obis& obis);
// Error, alarm and event codes: F.F objects 97.97, 97.98 and 96.11.
bool is_event_code(const dlms::Obis& obis);

}  // namespace amity::decode
