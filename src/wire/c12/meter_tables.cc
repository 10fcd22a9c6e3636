#include "wire/c12/meter_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/civil.h"

namespace amity::c12 {
namespace {

using Precision = wire::MeterTime::Precision;

std::string table_name(std::uint16_t table) {
  return fmt::format("{}{}", (table & 0x800) != 0 ? "MT" : "ST", table & 0x7FF);
}

// value x 10^exponent, where the exponent stays within what a Decimal prints.
void scale(Value& value, int exponent) {
  if (value.kind == Value::Kind::kNumber) {
    value.number.exponent += exponent;
  } else if (value.kind == Value::Kind::kReal) {
    for (; exponent > 0; --exponent) value.real *= 10;
    for (; exponent < 0; ++exponent) value.real /= 10;
  }
}

// value x scalar / divisor: exact where the divisor is a power of ten.
void ratio(Value& value, std::uint16_t scalar, std::uint16_t divisor) {
  if (divisor == 0 || (scalar == 1 && divisor == 1)) return;
  int exponent = 0;
  std::uint16_t rest = divisor;
  for (; rest % 10 == 0; rest /= 10) --exponent;
  std::int64_t product = 0;
  if (value.kind == Value::Kind::kNumber && rest == 1 &&
      !__builtin_mul_overflow(value.number.value, std::int64_t{scalar}, &product)) {
    value.number.value = product;
    value.number.exponent += exponent;
    return;
  }
  if (value.kind == Value::Kind::kNumber) {
    double real = static_cast<double>(value.number.value);
    for (int e = value.number.exponent; e < 0; ++e) real /= 10;
    for (int e = value.number.exponent; e > 0; --e) real *= 10;
    value.kind = Value::Kind::kReal;
    value.real = real;
  }
  if (value.kind == Value::Kind::kReal) value.real = value.real * scalar / divisor;
}

wire::MeterTime earlier(const wire::MeterTime& t, std::int64_t minutes) {
  if (t.precision < Precision::kMinute || minutes == 0) return t;
  const CivilTime civil = civil_from_utc(
      utc_from_civil(t.year, t.month, t.day, t.hour, t.minute, t.second) - minutes * 60);
  wire::MeterTime out = t;
  out.year = static_cast<std::int16_t>(civil.year);
  out.month = static_cast<std::uint8_t>(civil.month);
  out.day = static_cast<std::uint8_t>(civil.day);
  out.hour = static_cast<std::uint8_t>(civil.hour);
  out.minute = static_cast<std::uint8_t>(civil.minute);
  return out;
}

void set_value(const Value& value, wire::Reading& reading) {
  if (value.kind == Value::Kind::kNumber)
    reading.value = value.number;
  else if (value.kind == Value::Kind::kReal)
    reading.value = value.real;
  else
    reading.value = to_string(value);
}

std::string flags_of(const Item& item) {
  std::string out;
  const Field& field = item.field();
  for (std::size_t i = 0; i < field.parts; ++i) {
    const std::uint32_t value = bits_of(item, field.bits[i].name);
    if (value == 0) continue;
    if (!out.empty()) out += ' ';
    out += field.bits[i].width == 1 ? field.bits[i].name
                                    : fmt::format("{}={}", field.bits[i].name, value);
  }
  return out.empty() ? "0" : out;
}

void put_at(std::vector<std::uint8_t>& list, std::size_t index, const Item& item) {
  if (list.size() <= index) list.resize(index + 1);
  list[index] = static_cast<std::uint8_t>(item.value.number.value);
}

bool is_reading(Role role) {
  switch (role) {
    case Role::kSummation:
    case Role::kDemand:
    case Role::kCumulative:
    case Role::kContinuous:
    case Role::kCoincident:
    case Role::kPresentDemand:
    case Role::kPresentValue:
    case Role::kBlockReading:
    case Role::kBlockPulse:
      return true;
    default:
      return false;
  }
}

// Where in the path a field of this name stands.
std::optional<std::uint16_t> index_at(const Item& item, std::string_view name) {
  for (std::size_t i = 0; i < item.depth; ++i) {
    if (name == item.path[i].field->name) return item.path[i].index;
  }
  return std::nullopt;
}

}  // namespace

void MeterTables::add(std::uint16_t table, ByteView bytes, std::uint32_t offset, bool whole,
                      wire::Report& report) {
  TableData data;
  const Status status = decode_table(table, bytes, offset, whole, context, data);
  learn(table, data);
  describe(table, data, report);
  if (!status.ok()) {
    report.details.emplace_back("undecoded", table_name(table) + ": " + to_string(status.error()));
    if (data.unknown.empty()) {
      const std::size_t kept =
          data.items.empty() ? 0 : data.items.back().offset + data.items.back().size - offset;
      data.unknown.emplace_back(offset + static_cast<std::uint32_t>(kept), bytes.subspan(kept));
    }
  }
  for (const auto& [at, rest] : data.unknown)
    report.unknown.push_back({at, fmt::format("{}+{}", table_name(table), at), to_hex(rest)});
}

void MeterTables::learn(std::uint16_t table, const TableData& data) {
  for (const Item& item : data.items) {
    const std::string_view name = item.field().name;
    const std::size_t index = item.index(item.depth - 1u);
    if (table == 12) {
      if (uom_.size() <= index) uom_.resize(index + 1);
      uom_[index] = Uom::from(static_cast<std::uint32_t>(item.value.number.value));
    } else if (table == 16) {
      put_at(links_, index, item);
    } else if (name == "SUMMATION_SELECT") {
      put_at(summations_, index, item);
    } else if (name == "DEMAND_SELECT") {
      put_at(demands_, index, item);
    } else if (name == "COINCIDENT_SELECT") {
      put_at(coincidents_, index, item);
    } else if (name == "PRESENT_DEMAND_SELECT") {
      put_at(present_demands_, index, item);
    } else if (name == "PRESENT_VALUE_SELECT") {
      put_at(present_values_, index, item);
    } else if (table == 62) {
      learn_profile(item);
    } else if (table == 63) {
      learn_status(item);
    }
  }
}

void MeterTables::learn_profile(const Item& item) {
  ProfileSet& set = sets_[static_cast<std::size_t>(item.path[0].field->name[3] - '1') & 3u];
  const std::string_view name = item.field().name;
  const auto value = static_cast<std::uint16_t>(item.value.number.value);
  const auto put = [value](std::vector<std::uint16_t>& list, std::size_t index) {
    if (list.size() <= index) list.resize(index + 1, 1);
    list[index] = value;
  };
  if (name == "LP_SOURCE_SELECT") put_at(set.sources, item.index(1), item);
  if (name == "SCALARS") put(set.scalars, item.index(1));
  if (name == "DIVISOR") put(set.divisors, item.index(1));
}

void MeterTables::learn_status(const Item& item) {
  ProfileSet& set = sets_[static_cast<std::size_t>(item.path[0].field->name[3] - '1') & 3u];
  const std::string_view name = item.field().name;
  const auto value = static_cast<std::uint16_t>(item.value.number.value);
  set.status_known = true;
  if (name == "LP_SET_STATUS_FLAGS") set.descending = bits_of(item, "INTERVAL_ORDER") != 0;
  if (name == "LAST_BLOCK_ELEMENT") set.last_block = value;
  if (name == "NBR_VALID_INT") set.valid_intervals = value;
}

// ST12 has an entry for each source, or for each that ST16 marks, in order.
const Uom* MeterTables::uom_of(std::size_t source) const {
  if (links_.empty() || uom_.size() == links_.size()) {
    return source < uom_.size() ? &uom_[source] : nullptr;
  }
  if (source >= links_.size() || (links_[source] & 1) == 0) return nullptr;
  const auto before = static_cast<std::size_t>(
      std::count_if(links_.begin(), links_.begin() + static_cast<std::ptrdiff_t>(source),
                    [](std::uint8_t link) { return (link & 1) != 0; }));
  return before < uom_.size() ? &uom_[before] : nullptr;
}

std::optional<std::size_t> MeterTables::source_of_item(const Item& item) const {
  const auto from = [](const std::vector<std::uint8_t>& list,
                       std::optional<std::uint16_t> index) -> std::optional<std::size_t> {
    if (!index || *index >= list.size()) return std::nullopt;
    return list[*index];
  };
  switch (item.field().role) {
    case Role::kSummation:
      return from(summations_, index_at(item, "SUMMATIONS"));
    case Role::kDemand:
    case Role::kCumulative:
    case Role::kContinuous:
      return from(demands_, index_at(item, "DEMANDS"));
    case Role::kCoincident:
      return from(coincidents_, index_at(item, "COINCIDENTS"));
    case Role::kPresentDemand:
      return from(present_demands_, index_at(item, "PRESENT_DEMAND"));
    case Role::kPresentValue:
      return from(present_values_, index_at(item, "PRESENT_VALUE"));
    default:
      return std::nullopt;
  }
}

void MeterTables::describe(std::uint16_t table, const TableData& data, wire::Report& report) const {
  wire::MeterTime time;
  std::array<wire::MeterTime, 256> demand_times{};
  Block block;
  for (std::size_t i = 0; i < data.items.size(); ++i) {
    const Item& item = data.items[i];
    const Role role = item.field().role;
    const std::size_t index = item.index(item.depth - 1u);
    if (role == Role::kRegisterTime) {
      time = item.value.time;
    } else if (role == Role::kDemandTime) {
      demand_times[index & 0xFF] = item.value.time;
    } else if (role == Role::kBlockEnd) {
      block = Block{};
      block.end = item.value.time;
    } else if (role == Role::kIntervalValid) {
      block.valid = item.value.bytes;
    } else if (role == Role::kIntervalStatus) {
      block.status = item.value.bytes;
    } else if (role == Role::kInterval) {
      interval(table, item, block, report);
    } else if (role == Role::kEventCode) {
      event(table, data, i, report);
    } else if (is_reading(role)) {
      const bool dated =
          role == Role::kDemand && demand_times[index & 0xFF].precision != Precision::kNone;
      const bool at_end = role == Role::kBlockReading || role == Role::kBlockPulse;
      reading(table, item, dated ? demand_times[index & 0xFF] : at_end ? block.end : time, report);
    } else if (role == Role::kNone || role == Role::kResetCount) {
      const std::string text =
          item.field().type == Type::kBits ? flags_of(item) : to_string(item.value);
      report.details.emplace_back(item.field().name, text);
      const std::string_view name = item.field().name;
      if (name == "MANUFACTURER") report.meter.manufacturer = text;
      if (name == "ED_MODEL") report.meter.model = text;
      if (name == "MFG_SERIAL_NUMBER" || name == "IDENTIFICATION") report.meter.id = text;
      if (name == "CLOCK_CALENDAR" && item.value.kind == Value::Kind::kTime)
        report.time = item.value.time;
    }
  }
}

void MeterTables::reading(std::uint16_t table, const Item& item, const wire::MeterTime& time,
                          wire::Report& report) const {
  wire::Reading out;
  Value value = item.value;
  const auto source = source_of_item(item);
  const Uom* const uom = source ? uom_of(*source) : nullptr;
  if (uom != nullptr) {
    out.quantity = quantity_of(*uom);
    out.unit = unit_of(*uom);
    out.kind = kind_of(*uom);
    scale(value, exponent_of(*uom));
    out.note = phase_of(*uom);
    if (out.quantity.empty()) out.note = fmt::format("unit of measure {}", uom->id);
    if (source && *source < links_.size() && (links_[*source] & 0x20) != 0)
      out.note +=
          out.note.empty() ? "constants of ST15 not applied" : ", constants of ST15 not applied";
  }
  const Role role = item.field().role;
  if (role == Role::kDemand) out.kind = "maximum";
  if (role == Role::kCumulative) out.kind = "cumulative demand";
  if (role == Role::kContinuous) out.kind = "continuous cumulative demand";
  if (role == Role::kCoincident) out.kind = "coincident";
  set_value(value, out);
  out.time = time;
  if (const auto tier = index_at(item, "TIER_DATA_BLOCK")) out.tariff = *tier + 1u;
  if (table == 24 || table == 25) out.storage = 1;
  if (const auto entry = index_at(item, "SELF_READS_ENTRIES")) out.storage = *entry + 1u;
  out.id = table_name(table) + "." + path_of(item);
  report.readings.push_back(std::move(out));
}

void MeterTables::interval(std::uint16_t table, const Item& item, const Block& block,
                           wire::Report& report) const {
  const ProfileSet& set = sets_[table & 3u];
  const std::size_t block_index = item.index(0), i = item.index(1), channel = item.index(2);
  if (!block.valid.empty() &&
      (i / 8 >= block.valid.size() || (block.valid[i / 8] >> i % 8 & 1) == 0))
    return;
  const int n = table - 64;
  const auto total = context.get(Var::kIntervals1 + n).value_or(0);
  const bool last = set.status_known && block_index == set.last_block;
  const std::uint32_t valid = last ? set.valid_intervals : total;
  if (i >= valid) return;
  wire::Reading out;
  Value value = item.value;
  const std::size_t source = channel < set.sources.size() ? set.sources[channel] : SIZE_MAX;
  if (const Uom* const uom = uom_of(source)) {
    out.quantity = quantity_of(*uom);
    out.unit = unit_of(*uom);
    scale(value, exponent_of(*uom));
    out.note = out.quantity.empty() ? fmt::format("unit of measure {}", uom->id)
                                    : std::string(phase_of(*uom));
  }
  if (channel < set.scalars.size() && channel < set.divisors.size())
    ratio(value, set.scalars[channel], set.divisors[channel]);
  out.kind = "interval";
  set_value(value, out);
  const auto minutes = static_cast<std::int64_t>(context.get(Var::kMinutes1 + n).value_or(0));
  out.time =
      earlier(block.end, minutes * static_cast<std::int64_t>(set.descending ? i : valid - 1 - i));
  // The first byte: above what holds for all channels, below the first channel; then two a byte.
  const std::size_t nibble = channel + 1;
  if (nibble / 2 < block.status.size()) {
    const std::uint8_t byte = block.status[nibble / 2];
    const std::string_view word = interval_status_name(nibble % 2 != 0 ? byte & 15 : byte >> 4);
    if (!word.empty()) out.note += (out.note.empty() ? "" : ", ") + std::string(word);
  }
  out.id = fmt::format("{}[{}][{}].{}", table_name(table), block_index, i, channel);
  report.readings.push_back(std::move(out));
}

void MeterTables::event(std::uint16_t table, const TableData& data, std::size_t code,
                        wire::Report& report) const {
  const Item& item = data.items[code];
  const std::uint16_t entry = item.index(0);
  wire::Event out;
  const std::uint32_t number_of = bits_of(item, "TBL_PROC_NBR");
  const bool manufacturer = bits_of(item, "STD_VS_MFG_FLAG") != 0;
  out.code = number_of | (manufacturer ? 0x800 : 0);
  if (!manufacturer) out.text = event_name(static_cast<std::uint16_t>(number_of));
  out.id = fmt::format("{}[{}]", table_name(table), entry);
  for (std::size_t i = code; i-- > 0 && data.items[i].index(0) == entry;) {
    if (data.items[i].field().role == Role::kEventTime &&
        data.items[i].value.kind == Value::Kind::kTime)
      out.time = data.items[i].value.time;
  }
  // Entries that were never filled: no time where there ought to be one, and no event.
  if (out.code == 0 && out.time.precision == Precision::kNone) return;
  if (code + 1 < data.items.size()) {
    const Item& argument = data.items[code + 1];
    if (argument.field().role == Role::kEventArgument && !argument.value.bytes.empty())
      out.text +=
          fmt::format("{}argument {}", out.text.empty() ? "" : ", ", to_hex(argument.value.bytes));
  }
  report.events.push_back(std::move(out));
}

}  // namespace amity::c12
