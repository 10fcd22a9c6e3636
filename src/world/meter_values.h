// What the objects of a virtual meter answer to GET, apart from the profiles.
#pragma once

#include "wire/dlms/data_value.h"
#include "world/virtual_meter.h"

namespace amity::world {

class MeterValues {
 public:
  explicit MeterValues(const VirtualMeter& meter) : m_(meter) {}

  dlms::DataAccessResult get(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const;

 private:
  using Access = dlms::DataAccessResult;

  Access data(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const;
  Access registers(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const;
  Access maximum_demand(std::int8_t attribute, Bytes& out) const;
  Access demand(std::int8_t attribute, Bytes& out) const;
  Access clock(std::int8_t attribute, Bytes& out) const;
  Access sap(std::int8_t attribute, Bytes& out) const;
  Access image(std::int8_t attribute, Bytes& out) const;
  Access calendar(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const;
  Access push_setup(const ObjectSpec& spec, std::int8_t attribute, Bytes& out) const;
  Access security(std::int8_t attribute, Bytes& out) const;
  Access compact(std::int8_t attribute, Bytes& out) const;
  Access disconnector(std::int8_t attribute, Bytes& out) const;
  Access limiter(std::int8_t attribute, Bytes& out) const;

  const Bytes* setting(const ObjectSpec& spec, std::int8_t attribute) const;
  Interval last_interval() const;
  Interval current_interval(UtcSeconds& end) const;

  const VirtualMeter& m_;
};

// The key under which a written attribute is kept.
std::uint32_t setting_key(const ObjectSpec& spec, std::int8_t attribute);

}  // namespace amity::world
