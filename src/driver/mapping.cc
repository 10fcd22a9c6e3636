#include "driver/mapping.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "driver/limits.h"

namespace amity::driver {
namespace {

// What decoders call the events that they read out of the status word.
constexpr std::string_view kStatusEvent = "status";
constexpr std::string_view kInterval =
    "interval";  // what decoders call the values of a load profile

Result<std::int64_t> number_in(ByteView bytes, FieldType type) {
  Bytes digits(bytes.begin(), bytes.end());
  const bool little =
      type == FieldType::kUnsignedLe || type == FieldType::kSignedLe || type == FieldType::kBcdLe;
  if (little) std::reverse(digits.begin(), digits.end());
  const bool decimal = type == FieldType::kBcdLe || type == FieldType::kBcdBe;
  std::uint64_t value = 0;
  for (const std::uint8_t byte : digits) {
    if (decimal && ((byte >> 4) > 9 || (byte & 15) > 9))
      return make_error(ErrorCode::kMalformed, "not BCD");
    value = decimal ? value * 100 + (byte >> 4) * 10u + (byte & 15u) : value << 8 | byte;
  }
  const bool is_signed = type == FieldType::kSignedLe || type == FieldType::kSignedBe;
  if (is_signed && bytes.size() < kFieldBytesMax) {
    const unsigned unused = 64 - 8 * static_cast<unsigned>(bytes.size());
    return static_cast<std::int64_t>(value << unused) >> unused;
  }
  if (!is_signed && value > static_cast<std::uint64_t>(INT64_MAX))
    return make_error(ErrorCode::kLimit, "too large");
  return static_cast<std::int64_t>(value);
}

bool agrees(const ChannelRule& rule, const wire::Reading& reading) {
  const auto any_or = [](const std::string& wanted, std::string_view given) {
    return wanted.empty() || wanted == given;
  };
  const bool interval = reading.kind == kInterval;
  return interval == (rule.kind == ChannelKind::kInterval) &&
         any_or(rule.quantity, reading.quantity) && any_or(rule.reading_kind, reading.kind) &&
         any_or(rule.id, reading.id) && rule.note.value_or(reading.note) == reading.note &&
         reading.note.starts_with(rule.note_prefix) &&
         rule.storage.value_or(reading.storage) == reading.storage &&
         rule.tariff.value_or(reading.tariff) == reading.tariff &&
         rule.subunit.value_or(reading.subunit) == reading.subunit;
}

// A float becomes the integer nearest to it in the channel's exponent; an exact value must stay
// exact.
Result<std::int64_t> value_for(const wire::Reading& reading, int exponent) {
  if (const auto* exact = std::get_if<Decimal>(&reading.value)) return rescale(*exact, exponent);
  const auto* real = std::get_if<double>(&reading.value);
  if (real == nullptr) return make_error(ErrorCode::kInvalid, "it is text");
  const double scaled = *real * std::pow(10.0, -exponent);
  if (!(std::abs(scaled) < 9.0e18))
    return make_error(ErrorCode::kLimit, "it does not fit the channel");
  return static_cast<std::int64_t>(std::llround(scaled));
}

std::string describe(const wire::Reading& reading) {
  std::string text(reading.quantity.empty() ? std::string_view("unnamed value") : reading.quantity);
  if (reading.storage != 0) text += ", storage " + std::to_string(reading.storage);
  if (reading.tariff != 0) text += ", tariff " + std::to_string(reading.tariff);
  if (reading.subunit != 0) text += ", subunit " + std::to_string(reading.subunit);
  if (!reading.id.empty()) text += " (" + reading.id + ")";
  return text;
}

// "active energy import" and "active power import" are "import", "reactive energy QI L1" is
// "reactive_q1_l1".
std::string interval_name(std::string_view quantity) {
  std::string name(quantity);
  const auto replace = [&name](std::string_view what, std::string_view with) {
    const std::size_t at = name.find(what);
    if (at != std::string::npos) name.replace(at, what.size(), with);
  };
  if (name.starts_with("active ")) name.erase(0, 7);
  replace("energy ", "");
  replace("power ", "");
  replace(" QIV", " q4");
  replace(" QIII", " q3");
  replace(" QII", " q2");
  replace(" QI", " q1");
  replace(" L", " l");
  return name;
}

std::string generic_name(const wire::Reading& reading) {
  const bool interval = reading.kind == kInterval;
  std::string name = interval ? interval_name(reading.quantity) : std::string(reading.quantity);
  const bool plain = reading.kind == "instantaneous" || reading.kind == "total" || interval;
  if (!reading.kind.empty() && !plain) {
    name += '_';
    name += reading.kind;
  }
  std::replace(name.begin(), name.end(), ' ', '_');
  if (reading.tariff != 0) name += "_t" + std::to_string(reading.tariff);
  if (reading.storage != 0) name += "_s" + std::to_string(reading.storage);
  if (reading.subunit != 0) name += "_u" + std::to_string(reading.subunit);
  return name;
}

// The rule a reading would have if somebody wrote one; none where nothing is known of it.
std::optional<ChannelRule> generic_rule(const wire::Reading& reading) {
  const auto unit = unit_from(reading.unit);
  if (reading.note == wire::kScalerNotSent) return std::nullopt;  // off by an unknown factor
  if (reading.quantity.empty() || !unit || std::holds_alternative<std::string>(reading.value))
    return std::nullopt;
  ChannelRule rule;
  rule.name = generic_name(reading);
  if (reading.kind == kInterval) rule.kind = ChannelKind::kInterval;
  rule.unit = *unit;
  const auto* exact = std::get_if<Decimal>(&reading.value);
  rule.exponent = static_cast<std::int8_t>(exact != nullptr ? exact->exponent : -6);
  return rule;
}

void take(const ChannelRule& rule, const wire::Reading& reading, Mapped& mapped) {
  const auto unit = unit_from(reading.unit);
  if (!unit || *unit != rule.unit) {
    mapped.left.push_back(describe(reading) + ": its unit is \"" + std::string(reading.unit) +
                          "\", the channel " + rule.name + " is in \"" +
                          std::string(symbol(rule.unit)) + "\"");
    return;
  }
  const auto value = value_for(reading, rule.exponent);
  if (!value.ok()) {
    mapped.left.push_back(describe(reading) + ": " + value.error().reason);
    return;
  }
  mapped.readings.push_back({rule.name, rule.kind, rule.unit, rule.exponent, *value, reading.time});
}

// The first that agrees, of those in the reading's unit where there is one: a heat meter counts in
// kWh or in GJ, as it was ordered. nullptr: none agrees.
const ChannelRule* rule_for(const MeterModel& model, const wire::Reading& reading) {
  const ChannelRule* otherwise = nullptr;
  for (const ChannelRule& rule : model.channels) {
    if (!agrees(rule, reading)) continue;
    if (symbol(rule.unit) == reading.unit) return &rule;
    if (otherwise == nullptr) otherwise = &rule;
  }
  return otherwise;
}

// The word that a rule is about; nullopt: the frame has none.
std::optional<std::uint32_t> word_of(const StatusRule& rule, const wire::Report& report) {
  if (rule.reading.empty()) return report.status;
  for (const wire::Reading& reading : report.readings) {
    const auto* exact = std::get_if<Decimal>(&reading.value);
    if (reading.id == rule.reading && exact != nullptr && exact->exponent == 0)
      return static_cast<std::uint32_t>(exact->value);
  }
  return std::nullopt;
}

void map_events(const MeterModel* model, const wire::Report& report, Mapped& mapped) {
  const std::vector<StatusRule> none;
  const std::vector<StatusRule>& rules = model != nullptr ? model->statuses : none;
  for (const wire::Event& event : report.events) {
    const bool model_knows = std::any_of(rules.begin(), rules.end(), [&](const StatusRule& rule) {
      return event.id == kStatusEvent && rule.reading.empty() && rule.value == event.code;
    });
    if (model_knows) continue;
    mapped.events.push_back(
        {event.text, EventCategory::kDevice, Severity::kLow, event.time, event.code});
  }
  for (const StatusRule& rule : rules) {
    const auto word = word_of(rule, report);
    if (!word || (*word & rule.mask) != rule.value) continue;
    mapped.events.push_back({rule.text, rule.category, rule.severity, {}, rule.value});
  }
}

// All bits set, or the lowest number of a signed field: how blocks say that there is no value.
bool says_nothing(ByteView bytes, FieldType type) {
  if (bytes.size() < 2) return false;
  const auto rest_is = [&](std::uint8_t top, std::uint8_t rest, bool little) {
    const std::size_t high = little ? bytes.size() - 1 : 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      if (bytes[i] != (i == high ? top : rest)) return false;
    return true;
  };
  if (type == FieldType::kSignedLe || type == FieldType::kSignedBe)
    return rest_is(0x80, 0x00, type == FieldType::kSignedLe);
  return rest_is(0xFF, 0xFF, true);
}

// The number of a field whose bytes begin at `at` of its block or table; false: they do not hold
// it.
bool read_field(const VendorField& field, ByteView bytes, std::size_t at, std::string id,
                std::uint32_t tariff, wire::Report& report) {
  if (field.offset < at || field.offset - at + field.size > bytes.size()) return false;
  const ByteView place = bytes.subspan(field.offset - at, field.size);
  if (says_nothing(place, field.type)) return false;
  const auto number = number_in(place, field.type);
  if (!number.ok()) return false;
  wire::Reading reading;
  reading.quantity = field.quantity;
  reading.unit = field.unit;
  reading.kind = field.kind;
  reading.storage = field.storage;
  reading.tariff = tariff;
  reading.value = Decimal{*number, field.exponent};
  reading.id = std::move(id);
  report.readings.push_back(std::move(reading));
  return true;
}

// "MT5+16": of which table, from where.
std::optional<std::size_t> offset_in(std::string_view id, std::string_view table) {
  if (!id.starts_with(table) || id.size() <= table.size() || id[table.size()] != '+')
    return std::nullopt;
  const std::string_view digits = id.substr(table.size() + 1);
  std::size_t at = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), at);
  const bool whole = end.ec == std::errc() && end.ptr == digits.data() + digits.size();
  return whole ? std::optional(at) : std::nullopt;
}

void take_meaning(const ReadingRule& rule, wire::Reading& reading) {
  auto* exact = std::get_if<Decimal>(&reading.value);
  if (rule.divisor != 1) {
    if (exact == nullptr || exact->value % rule.divisor != 0) return;
    exact->value /= rule.divisor;
  }
  reading.quantity = rule.quantity;
  reading.unit = rule.unit;
  reading.kind = rule.kind;
  reading.note.clear();
}

}  // namespace

void complete(const MeterModel& model, wire::Report& report) {
  report.meter.model = model.name;
  for (const ReadingRule& rule : model.readings) {
    for (wire::Reading& reading : report.readings) {
      if (reading.id == rule.id) take_meaning(rule, reading);
    }
  }
  for (const VendorField& field : model.fields) {
    for (const wire::Unknown& unknown : report.unknown) {
      if (unknown.id != field.block) continue;
      const auto bytes = from_hex(unknown.hex);
      if (!bytes.ok() || (field.block_bytes != 0 && field.block_bytes != bytes->size())) continue;
      if (read_field(field, *bytes, 0, field.block + "+" + std::to_string(field.offset), 0, report))
        break;
    }
  }
  for (const TableRule& rule : model.tables) {
    for (const wire::Unknown& unknown : report.unknown) {
      const auto at = offset_in(unknown.id, rule.table);
      const auto bytes = from_hex(unknown.hex);
      if (!at || !bytes.ok()) continue;
      std::string id = rule.table + "+" + std::to_string(rule.field.offset);
      if (read_field(rule.field, *bytes, *at, std::move(id), rule.tariff, report)) break;
    }
  }
}

Mapped map_to_channels(const MeterModel* model, const wire::Report& report) {
  Mapped mapped;
  for (const wire::Reading& reading : report.readings) {
    const ChannelRule* const given = model != nullptr ? rule_for(*model, reading) : nullptr;
    if (given != nullptr) {
      take(*given, reading, mapped);
    } else if (model == nullptr || reading.kind == kInterval) {
      if (const auto rule = generic_rule(reading)) {
        take(*rule, reading, mapped);
      } else {
        mapped.left.push_back(describe(reading) + ": no channel");
      }
    } else {
      mapped.left.push_back(describe(reading) + ": no channel of " + model->name);
    }
  }
  map_events(model, report, mapped);
  return mapped;
}

}  // namespace amity::driver
