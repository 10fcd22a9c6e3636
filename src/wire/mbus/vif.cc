#include "wire/mbus/vif.h"

namespace amity::mbus {
namespace {

using Table = std::array<Vif, 128>;
using enum ValueClass;

constexpr std::int32_t kMinute = 60, kHour = 3'600, kDaySeconds = 86'400;

class Builder {
 public:
  // `count` codes from `first` on, each ten times the one before.
  constexpr void decades(int first, int count, std::string_view quantity, std::string_view unit,
                         int exponent, ValueClass value_class, std::int32_t factor = 1) {
    for (int i = 0; i < count; ++i) {
      table[static_cast<std::size_t>(first + i)] = {
          quantity, unit, static_cast<std::int8_t>(exponent + i), factor, value_class};
    }
  }
  constexpr void one(int code, std::string_view quantity, std::string_view unit,
                     ValueClass value_class, int exponent = 0, std::int32_t factor = 1) {
    decades(code, 1, quantity, unit, exponent, value_class, factor);
  }
  constexpr void code(int code, std::string_view quantity) { one(code, quantity, "", kCode); }
  // Seconds, minutes, hours, days.
  constexpr void durations(int first, std::string_view quantity, ValueClass value_class = kNumber) {
    one(first, quantity, "s", value_class);
    one(first + 1, quantity, "s", value_class, 0, kMinute);
    one(first + 2, quantity, "s", value_class, 0, kHour);
    one(first + 3, quantity, "s", value_class, 0, kDaySeconds);
  }
  // Hours, days, months, years.
  constexpr void long_durations(int first, std::string_view quantity) {
    one(first, quantity, "s", kNumber, 0, kHour);
    one(first + 1, quantity, "s", kNumber, 0, kDaySeconds);
    one(first + 2, quantity, "mo", kNumber);
    one(first + 3, quantity, "a", kNumber);
  }

  Table table{};
};

// EN 13757-3, table 10.
constexpr Table make_primary() {
  Builder b;
  b.decades(0x00, 8, "energy", "Wh", -3, kTotal);
  b.decades(0x08, 8, "energy", "J", 0, kTotal);
  b.decades(0x10, 8, "volume", "m3", -6, kTotal);
  b.decades(0x18, 8, "mass", "kg", -3, kTotal);
  b.durations(0x20, "on time", kTotal);
  b.durations(0x24, "operating time", kTotal);
  b.decades(0x28, 8, "power", "W", -3, kNumber);
  b.decades(0x30, 8, "power", "J/h", 0, kNumber);
  b.decades(0x38, 8, "volume flow", "m3/h", -6, kNumber);
  b.decades(0x40, 8, "volume flow", "m3/h", -7, kNumber, kMinute);
  b.decades(0x48, 8, "volume flow", "m3/h", -9, kNumber, kHour);
  b.decades(0x50, 8, "mass flow", "kg/h", -3, kNumber);
  b.decades(0x58, 4, "flow temperature", "degC", -3, kNumber);
  b.decades(0x5C, 4, "return temperature", "degC", -3, kNumber);
  b.decades(0x60, 4, "temperature difference", "K", -3, kNumber);
  b.decades(0x64, 4, "external temperature", "degC", -3, kNumber);
  b.decades(0x68, 4, "pressure", "bar", -3, kNumber);
  b.one(0x6C, "date", "", ValueClass::kDate);
  b.one(0x6D, "date and time", "", kDateTime);
  b.one(0x6E, "heat cost allocation", "", kTotal);
  b.durations(0x70, "averaging duration");
  b.durations(0x74, "actuality duration");
  b.one(0x78, "fabrication number", "", kIdentifier);
  b.one(0x79, "enhanced identification", "", kEnhancedId);
  b.code(0x7A, "bus address");
  return b.table;
}

// After FB; EN 13757-3, table 12. Quantities as the primary table names them.
constexpr Table make_first_extension() {
  Builder b;
  b.decades(0x00, 2, "energy", "Wh", 5, kTotal);
  b.decades(0x02, 2, "reactive energy", "varh", 3, kTotal);
  b.decades(0x04, 2, "apparent energy", "VAh", 3, kTotal);
  b.decades(0x08, 2, "energy", "J", 8, kTotal);
  b.decades(0x0C, 4, "energy", "cal", 5, kTotal);
  b.decades(0x10, 2, "volume", "m3", 2, kTotal);
  b.decades(0x14, 4, "reactive power", "var", 0, kNumber);
  b.decades(0x18, 2, "mass", "kg", 5, kTotal);
  b.decades(0x1A, 2, "relative humidity", "%", -1, kNumber);
  b.one(0x20, "volume", "ft3", kTotal);
  b.one(0x21, "volume", "ft3", kTotal, -1);
  b.decades(0x28, 2, "power", "W", 5, kNumber);
  b.one(0x2A, "phase angle of voltages", "deg", kNumber, -1);
  b.one(0x2B, "phase angle of voltage and current", "deg", kNumber, -1);
  b.decades(0x2C, 4, "frequency", "Hz", -3, kNumber);
  b.decades(0x30, 2, "power", "J/h", 8, kNumber);
  b.decades(0x34, 4, "apparent power", "VA", 0, kNumber);
  b.decades(0x58, 4, "flow temperature", "degF", -3, kNumber);
  b.decades(0x5C, 4, "return temperature", "degF", -3, kNumber);
  b.decades(0x60, 4, "temperature difference", "degF", -3, kNumber);
  b.decades(0x64, 4, "external temperature", "degF", -3, kNumber);
  b.decades(0x70, 4, "temperature limit", "degF", -3, kNumber);
  b.decades(0x74, 4, "temperature limit", "degC", -3, kNumber);
  b.decades(0x78, 8, "cumulated maximum of power", "W", -3, kTotal);
  return b.table;
}

// After FD; EN 13757-3, table 14.
constexpr Table make_second_extension() {
  Builder b;
  b.decades(0x00, 4, "credit", "currency", -3, kNumber);
  b.decades(0x04, 4, "debit", "currency", -3, kNumber);
  b.code(0x08, "access number");
  b.code(0x09, "device type");
  b.code(0x0A, "manufacturer");
  b.one(0x0B, "parameter set", "", kIdentifier);
  b.one(0x0C, "model version", "", kIdentifier);
  b.one(0x0D, "hardware version", "", kIdentifier);
  b.one(0x0E, "firmware version", "", kIdentifier);
  b.one(0x0F, "software version", "", kIdentifier);
  b.one(0x10, "customer location", "", kIdentifier);
  b.one(0x11, "customer", "", kIdentifier);
  b.code(0x12, "access code of user");
  b.code(0x13, "access code of operator");
  b.code(0x14, "access code of system operator");
  b.code(0x15, "access code of developer");
  b.code(0x16, "password");
  b.code(0x17, "error flags");
  b.code(0x18, "error mask");
  b.code(0x1A, "digital output");
  b.code(0x1B, "digital input");
  b.one(0x1C, "baud rate", "Bd", kNumber);
  b.one(0x1D, "response delay", "bit times", kNumber);
  b.code(0x1E, "retries");
  b.code(0x1F, "remote control");
  b.code(0x20, "first cyclic storage");
  b.code(0x21, "last cyclic storage");
  b.code(0x22, "size of storage block");
  b.code(0x23, "descriptor of tariff and subunit");
  b.durations(0x24, "storage interval");
  b.one(0x28, "storage interval", "mo", kNumber);
  b.one(0x29, "storage interval", "a", kNumber);
  b.code(0x2A, "operator specific data");
  b.one(0x2B, "second of the time point", "s", kNumber);
  b.durations(0x2C, "duration since last readout");
  b.one(0x30, "start of tariff", "", kDateTime);
  b.one(0x31, "duration of tariff", "s", kNumber, 0, kMinute);
  b.one(0x32, "duration of tariff", "s", kNumber, 0, kHour);
  b.one(0x33, "duration of tariff", "s", kNumber, 0, kDaySeconds);
  b.durations(0x34, "period of tariff");
  b.one(0x38, "period of tariff", "mo", kNumber);
  b.one(0x39, "period of tariff", "a", kNumber);
  b.one(0x3A, "number", "", kNumber);
  b.code(0x3B, "wireless M-Bus container");
  b.durations(0x3C, "period of transmissions");
  b.decades(0x40, 16, "voltage", "V", -9, kNumber);
  b.decades(0x50, 16, "current", "A", -12, kNumber);
  b.one(0x60, "resets", "", kTotal);
  b.one(0x61, "cumulations", "", kTotal);
  b.code(0x62, "control signal");
  b.code(0x63, "day of week");
  b.code(0x64, "week number");
  b.code(0x65, "time point of day change");
  b.code(0x66, "parameter activation");
  b.code(0x67, "special supplier information");
  b.long_durations(0x68, "duration since last cumulation");
  b.long_durations(0x6C, "operating time of battery");
  b.one(0x70, "date of battery change", "", kDateTime);
  b.one(0x71, "signal level", "dBm", kNumber);
  b.one(0x72, "daylight saving", "", kDaylightSaving);
  b.code(0x73, "listening window");
  b.one(0x74, "remaining battery life", "s", kNumber, 0, kDaySeconds);
  b.one(0x75, "times the meter was stopped", "", kTotal);
  b.code(0x76, "manufacturer's container");
  return b.table;
}

// After FD FD; EN 13757-3, table 15.
constexpr Table make_third_extension() {
  Builder b;
  b.code(0x00, "selected application");
  b.one(0x02, "remaining battery life", "mo", kNumber);
  b.one(0x03, "remaining battery life", "a", kNumber);
  return b.table;
}

constexpr std::array<Table, 4> kTables = {make_primary(), make_first_extension(),
                                          make_second_extension(), make_third_extension()};

}  // namespace

const Vif& vif(VifTable table, std::uint8_t code) {
  return kTables[static_cast<std::size_t>(table)][code & 0x7F];
}

std::optional<VifCode> find_vif(std::string_view quantity, std::string_view unit, int exponent) {
  constexpr std::uint8_t kPrefixes[] = {0, kVifFirstExtension, kVifSecondExtension};
  for (std::size_t t = 0; t < std::size(kPrefixes); ++t) {
    for (std::size_t code = 0; code < 128; ++code) {
      const Vif& entry = kTables[t][code];
      if (entry.value_class == kReserved || entry.quantity != quantity || entry.unit != unit ||
          entry.exponent != exponent || entry.factor != 1) {
        continue;
      }
      const auto byte = static_cast<std::uint8_t>(code);
      if (t == 0) return VifCode{{byte, 0}, 1};
      return VifCode{{kPrefixes[t], byte}, 2};
    }
  }
  return std::nullopt;
}

}  // namespace amity::mbus
