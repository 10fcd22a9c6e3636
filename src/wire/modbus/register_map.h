// A sub-meter as data: which registers hold what. Reads are planned from it, their answers become a
// report.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "wire/modbus/frame.h"
#include "wire/report/report.h"

namespace amity::modbus {

enum class NumberType : std::uint8_t { kU16, kS16, kU32, kS32, kU64, kS64, kFloat32, kFloat64 };
Result<NumberType> number_type_from(std::string_view name);  // "u16", "float32", ...
std::size_t registers_of(NumberType type);

struct MapEntry {
  Function function = Function::kReadHolding;  // 3 or 4
  std::uint16_t address = 0;                   // from 0
  NumberType type = NumberType::kU16;
  bool low_word_first = false;  // of numbers of more than one register
  int exponent = 0;  // the integer is in 10^exponent of the unit; floats are multiplied by it
  // Static words, as reports have them.
  std::string_view quantity, unit, kind;
  std::uint32_t tariff = 0;
};
using RegisterMap = std::vector<MapEntry>;
Status validate(const RegisterMap& map);

// As few requests as cover the map: neighbours, and gaps of up to `gap_registers`, are read
// together.
std::vector<Request> plan_reads(const RegisterMap& map, std::uint16_t gap_registers = 0);

// What was read, by function and address.
class RegisterImage {
 public:
  void put(const Request& request, const std::vector<std::uint16_t>& values);
  bool has(Function function, std::uint16_t address, std::size_t count) const;
  std::uint16_t get(Function function, std::uint16_t address) const;  // must be there

 private:
  std::map<std::uint32_t, std::uint16_t> values_;
};

// Entries whose registers were not read are left out and named in the report's details.
void append_readings(const RegisterMap& map, const RegisterImage& image, wire::Report& report);
// The registers of a value: for virtual meters. Fails where it does not fit the type.
Result<std::vector<std::uint16_t>> encode_value(const MapEntry& entry, Decimal value);

}  // namespace amity::modbus
