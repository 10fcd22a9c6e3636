#include "wire/modbus/register_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace amity::modbus {
namespace {

struct TypeName {
  std::string_view name;
  NumberType type;
  std::size_t registers;
  bool is_signed;
};
constexpr TypeName kTypes[] = {
    {"u16", NumberType::kU16, 1, false},         {"s16", NumberType::kS16, 1, true},
    {"u32", NumberType::kU32, 2, false},         {"s32", NumberType::kS32, 2, true},
    {"u64", NumberType::kU64, 4, false},         {"s64", NumberType::kS64, 4, true},
    {"float32", NumberType::kFloat32, 2, false}, {"float64", NumberType::kFloat64, 4, false},
};
constexpr std::size_t kAddresses = 65'536;
constexpr int kExponentMax = 18;

const TypeName& info(NumberType type) {
  return *std::find_if(std::begin(kTypes), std::end(kTypes),
                       [&](const TypeName& t) { return t.type == type; });
}
bool is_float(NumberType type) {
  return type == NumberType::kFloat32 || type == NumberType::kFloat64;
}
std::uint32_t key(Function function, std::uint16_t address) {
  return static_cast<std::uint32_t>(function) << 16 | address;
}

std::uint64_t raw_of(const MapEntry& entry, const RegisterImage& image) {
  const std::size_t count = registers_of(entry.type);
  std::uint64_t raw = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t word = entry.low_word_first ? count - 1 - i : i;
    raw = raw << 16 | image.get(entry.function, static_cast<std::uint16_t>(entry.address + word));
  }
  return raw;
}

void set_value(const MapEntry& entry, std::uint64_t raw, wire::Reading& reading) {
  if (is_float(entry.type)) {
    const double value = entry.type == NumberType::kFloat32
                             ? double{std::bit_cast<float>(static_cast<std::uint32_t>(raw))}
                             : std::bit_cast<double>(raw);
    reading.value = entry.exponent == 0 ? value : value * std::pow(10.0, entry.exponent);
    return;
  }
  const std::size_t bits = 16 * registers_of(entry.type);
  if (info(entry.type).is_signed && bits < 64 && (raw >> (bits - 1) & 1) != 0)
    raw |= ~std::uint64_t{0} << bits;
  if (!info(entry.type).is_signed && raw >> 63 != 0) {
    reading.value = static_cast<double>(raw) * std::pow(10.0, entry.exponent);
    return;
  }
  reading.value = Decimal{static_cast<std::int64_t>(raw), entry.exponent};
}

}  // namespace

Result<NumberType> number_type_from(std::string_view name) {
  for (const TypeName& type : kTypes) {
    if (type.name == name) return type.type;
  }
  return make_error(ErrorCode::kInvalid, fmt::format("'{}' is no type of a register", name));
}

std::size_t registers_of(NumberType type) {
  return info(type).registers;
}

Status validate(const RegisterMap& map) {
  if (map.size() > kMapEntriesMax)
    return make_error(ErrorCode::kLimit, "a register map of more than 1,000 entries");
  for (const MapEntry& entry : map) {
    const bool reads =
        entry.function == Function::kReadHolding || entry.function == Function::kReadInput;
    if (!reads || entry.address + registers_of(entry.type) > kAddresses ||
        std::abs(entry.exponent) > kExponentMax) {
      return make_error(ErrorCode::kInvalid,
                        fmt::format("the entry of register {}", entry.address));
    }
  }
  return {};
}

std::vector<Request> plan_reads(const RegisterMap& map, std::uint16_t gap_registers) {
  RegisterMap sorted = map;
  std::sort(sorted.begin(), sorted.end(), [](const MapEntry& a, const MapEntry& b) {
    return key(a.function, a.address) < key(b.function, b.address);
  });
  std::vector<Request> requests;
  for (const MapEntry& entry : sorted) {
    const std::size_t end = entry.address + registers_of(entry.type);
    if (!requests.empty() && requests.back().function == entry.function) {
      Request& last = requests.back();
      const std::size_t last_end = std::size_t{last.address} + last.count;
      const bool near = entry.address <= last_end + gap_registers;
      if (near && end - last.address <= kReadRegistersMax) {
        last.count = static_cast<std::uint16_t>(std::max(end, last_end) - last.address);
        continue;
      }
    }
    requests.push_back(
        {entry.function, entry.address, static_cast<std::uint16_t>(end - entry.address), {}});
  }
  return requests;
}

void RegisterImage::put(const Request& request, const std::vector<std::uint16_t>& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    values_[key(request.function, static_cast<std::uint16_t>(request.address + i))] = values[i];
}
bool RegisterImage::has(Function function, std::uint16_t address, std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) {
    if (!values_.contains(key(function, static_cast<std::uint16_t>(address + i)))) return false;
  }
  return true;
}
std::uint16_t RegisterImage::get(Function function, std::uint16_t address) const {
  const auto found = values_.find(key(function, address));
  AMITY_ASSERT(found != values_.end());
  return found->second;
}

void append_readings(const RegisterMap& map, const RegisterImage& image, wire::Report& report) {
  report.protocol = "modbus";
  for (const MapEntry& entry : map) {
    if (!image.has(entry.function, entry.address, registers_of(entry.type))) {
      report.details.emplace_back("not_read", std::to_string(entry.address));
      continue;
    }
    wire::Reading& reading = report.readings.emplace_back();
    reading.quantity = entry.quantity;
    reading.unit = entry.unit;
    reading.kind = entry.kind;
    reading.tariff = entry.tariff;
    reading.id = fmt::format("{}:{}", static_cast<int>(entry.function), entry.address);
    set_value(entry, raw_of(entry, image), reading);
  }
}

Result<std::vector<std::uint16_t>> encode_value(const MapEntry& entry, Decimal value) {
  const TypeName& type = info(entry.type);
  std::uint64_t raw = 0;
  if (is_float(entry.type)) {
    const double real =
        static_cast<double>(value.value) * std::pow(10.0, value.exponent - entry.exponent);
    raw = entry.type == NumberType::kFloat32
              ? std::bit_cast<std::uint32_t>(static_cast<float>(real))
              : std::bit_cast<std::uint64_t>(real);
  } else {
    AMITY_TRY(const std::int64_t number, rescale(value, entry.exponent));
    const std::size_t bits = 16 * type.registers;
    const std::int64_t most = bits == 64       ? INT64_MAX
                              : type.is_signed ? (std::int64_t{1} << (bits - 1)) - 1
                                               : (std::int64_t{1} << bits) - 1;
    const std::int64_t least = type.is_signed ? -most - 1 : 0;
    if (number < least || number > most)
      return make_error(ErrorCode::kLimit, "the value does not fit its registers");
    raw = static_cast<std::uint64_t>(number);
  }
  std::vector<std::uint16_t> words;
  for (std::size_t i = type.registers; i-- > 0;)
    words.push_back(static_cast<std::uint16_t>(raw >> (16 * i)));
  if (entry.low_word_first) std::reverse(words.begin(), words.end());
  return words;
}

}  // namespace amity::modbus
