// The M-Bus clients of a virtual meter (class 72) and what was captured last of the gas, water and
// heat meters behind it (extended registers). Profile rows are in meter_profiles.h.
#pragma once

#include <optional>
#include <vector>

#include "world/virtual_meter.h"

namespace amity::world {

// A captured value, litres or Wh.
struct MbusRow {
  UtcSeconds stamp;  // by the electricity meter's clock
  std::int64_t value = 0;
};

class MeterMbus {
 public:
  explicit MeterMbus(const VirtualMeter& meter) : m_(meter) {}

  dlms::DataAccessResult get(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const;
  // What is captured of the device on a channel, stamps in (after, until], ascending: at the turn
  // of each hour at which the meter has power. The truth that a head-end must read.
  std::vector<MbusRow> rows(std::uint8_t channel, UtcSeconds after, UtcSeconds until) const;

 private:
  dlms::DataAccessResult client(std::uint8_t channel, std::int8_t attribute, Bytes& out) const;
  dlms::DataAccessResult value(std::uint8_t channel, std::int8_t attribute, Bytes& out) const;
  std::optional<MbusRow> newest(std::uint8_t channel) const;

  const VirtualMeter& m_;
};

}  // namespace amity::world
