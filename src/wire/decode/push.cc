#include "wire/decode/push.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "base/decimal.h"
#include "base/units.h"
#include "wire/dlms/data_value.h"
#include "wire/obis/quantity.h"

namespace amity::decode {
namespace {

using dlms::DataType;
using dlms::DataView;
using dlms::Obis;

constexpr std::string_view kElectricity = "electricity";
constexpr int kScalerMax = 18;
constexpr std::size_t kMakerLetters = 3;  // of a system title

bool is_printable(ByteView bytes) {
  return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(),
                                       [](std::uint8_t b) { return b >= 0x20 && b < 0x7F; });
}

bool is_string(DataView v) {
  return v.type() == DataType::kOctetString || v.type() == DataType::kVisibleString ||
         v.type() == DataType::kUtf8String;
}

// Six bytes whose group A is a medium of the standard, and that are not six printable characters.
std::optional<Obis> as_obis(DataView v) {
  if (v.type() != DataType::kOctetString || v.bytes().size() != Obis::kSize) return std::nullopt;
  if (v.bytes()[0] > 15 || is_printable(v.bytes())) return std::nullopt;
  auto obis = dlms::obis_from(v.bytes());
  return obis.ok() ? std::optional(*obis) : std::nullopt;
}

bool is_float(DataView v) {
  return v.type() == DataType::kFloat32 || v.type() == DataType::kFloat64;
}

bool is_number(DataView v) {
  return v.is_integer() || is_float(v);
}

// Text that some meters fill up with zeros; nothing where it is none.
std::string_view printable_of(DataView v) {
  ByteView bytes = v.bytes();
  while (!bytes.empty() && bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
  return is_printable(bytes) ? as_text(bytes) : std::string_view();
}

std::string text_of(DataView v) {
  const std::string_view printable = printable_of(v);
  return printable.empty() ? to_hex(v.bytes()) : std::string(printable);
}

// Of a float32 the double that prints with the same digits.
double real_of(DataView v) {
  if (v.type() == DataType::kFloat64) return std::bit_cast<double>(v.number());
  const auto single = std::bit_cast<float>(static_cast<std::uint32_t>(v.number()));
  return std::strtod(fmt::format("{}", single).c_str(), nullptr);
}

// Version of a list of values ("AIDON_V0001"): 1-1:0.2.129*255.
bool is_list_version(const Obis& obis) {
  return obis.a() == 1 && obis.c() == 0 && obis.d() == 2 && obis.e() == 129;
}

// Where meters name their type: device IDs 2 and 8.
bool is_type(const Obis& obis) {
  return obis.c() == 96 && obis.d() == 1 && (obis.e() == 1 || obis.e() == 7);
}

}  // namespace

std::optional<ScalerUnit> scaler_unit_of(DataView v) {
  if (v.type() != DataType::kStructure || v.size() != 2) return std::nullopt;
  const DataView scaler = *v.at(0), unit = *v.at(1);
  if (scaler.type() != DataType::kInt8 || unit.type() != DataType::kEnum) return std::nullopt;
  return ScalerUnit{static_cast<int>(scaler.number()), static_cast<std::uint8_t>(unit.number())};
}

std::optional<ByteView> as_date_time(DataView v) {
  if (v.type() != DataType::kDateTime && v.type() != DataType::kOctetString) return std::nullopt;
  if (v.bytes().size() != dlms::DateTime::kSize) return std::nullopt;
  const auto value = dlms::date_time_from(v.bytes());
  if (!value.ok() || !dlms::local_seconds(*value).ok()) return std::nullopt;
  return v.bytes();
}

std::optional<ObjectDefinition> object_definition_of(DataView v) {
  if (v.type() != DataType::kStructure || v.size() < 4) return std::nullopt;
  if (v.at(0)->type() != DataType::kUint16 || v.at(2)->type() != DataType::kInt8)
    return std::nullopt;
  const auto obis = as_obis(*v.at(1));
  if (!obis) return std::nullopt;
  return ObjectDefinition{static_cast<std::uint16_t>(v.at(0)->number()), *obis,
                          static_cast<std::int8_t>(v.at(2)->number())};
}

PushReader::PushReader(const PushConventions& conventions, wire::Report& report)
    : conventions_(conventions), report_(report) {
  if (conventions.lists != nullptr && !report.meter.manufacturer.empty())
    list_ = conventions.lists->of_maker(report.meter.manufacturer);
}

wire::MeterTime PushReader::time_of(ByteView date_time) const {
  const auto value = dlms::date_time_from(date_time);
  if (!value.ok()) return {};
  if (const auto utc = dlms::to_utc(*value, conventions_.sign, conventions_.zone); utc.ok()) {
    wire::MeterTime time = wire::to_meter_time(civil_from_utc(utc->time));
    time.utc_offset_minutes = 0;
    return time;
  }
  const auto local = dlms::local_seconds(*value);
  if (!local.ok()) return {};
  wire::MeterTime time = wire::to_meter_time(civil_from_utc(*local));
  time.daylight_saving = value->daylight_saving();
  return time;
}

void PushReader::set_time(ByteView date_time) {
  if (date_time.size() == dlms::DateTime::kSize) report_.time = time_of(date_time);
}

void PushReader::read(DataView body) {
  if (!body.is_container()) return read_items({body});
  const Items items(body.begin(), body.end());
  if (body.type() == DataType::kStructure && (read_self_described(items) || read_positional(items)))
    return;
  read_items(items);
}

void PushReader::read_value(const Obis& obis, DataView value) {
  if (value.is_container()) return read(value);
  add(obis, value, std::nullopt);
}

// The first item is the push object list and names the others, itself included.
bool PushReader::read_self_described(const Items& items) {
  if (items.empty() || items[0].type() != DataType::kArray || items[0].size() != items.size())
    return false;
  std::vector<ObjectDefinition> names;
  for (const DataView definition : items[0]) {
    const auto object = object_definition_of(definition);
    if (!object) return false;
    names.push_back(*object);
  }
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (items[i].is_container()) {
      add_unknown(to_string(names[i].obis), items[i]);
    } else {
      add(names[i].obis, items[i], std::nullopt);
    }
  }
  return true;
}

bool PushReader::read_positional(const Items& items) {
  if (items.empty() || !is_string(items[0]) || conventions_.lists == nullptr) return false;
  const std::string_view id = items[0].text();
  const obis::ValueList* list = conventions_.lists->positional(id, items.size());
  if (list == nullptr) return false;
  report_.meter.manufacturer = list->manufacturer;
  for (std::size_t i = 1; i < items.size(); ++i) {
    const obis::ListColumn& column = list->columns[i - 1];
    const ScalerUnit scale{column.scaler, static_cast<std::uint8_t>(column.unit)};
    if (items[i].is_container()) {
      add_unknown(to_string(column.obis), items[i]);
    } else {
      add(column.obis, items[i], scale);
    }
  }
  return true;
}

// Vendors begin a list with its name and version.
bool PushReader::use_list_named(std::string_view text) {
  const auto* list =
      conventions_.lists != nullptr ? conventions_.lists->named(text, type_) : nullptr;
  if (list == nullptr) return false;
  list_ = list;
  list_name_ = text;
  report_.meter.manufacturer = list->manufacturer;
  return true;
}

void PushReader::read_items(const Items& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const DataView item = items[i];
    const auto obis = as_obis(item);
    if (obis && i + 1 < items.size() && !items[i + 1].is_container()) {
      const auto unit = i + 2 < items.size() ? scaler_unit_of(items[i + 2]) : std::nullopt;
      add(*obis, items[i + 1], unit);
      i += unit ? 2 : 1;
    } else if (item.is_container()) {
      if (const auto object = object_definition_of(item)) {
        add_unknown(to_string(object->obis), item);
      } else {
        read_items(Items(item.begin(), item.end()));
      }
    } else if (obis) {
      add_unknown(to_string(*obis), item);
    } else {
      read_without_obis(item, i == 0);
    }
  }
}

void PushReader::read_without_obis(DataView item, bool first) {
  if (const auto time = as_date_time(item)) {
    report_.time = time_of(*time);
  } else if (first && is_string(item) && use_list_named(item.text())) {
    report_.details.emplace_back("list", std::string(item.text()));
  } else if (list_ != nullptr && list_->tail && is_string(item) && !printable_of(item).empty()) {
    add_text(*list_->tail, item, {});
  } else {
    add_unknown("", item);
  }
}

void PushReader::add(const Obis& obis, DataView value, std::optional<ScalerUnit> scaler_unit,
                     const wire::MeterTime& time) {
  if (const auto shown = as_date_time(value); shown && obis::is_clock(obis)) {
    report_.time = time_of(*shown);
    return;
  }
  if (obis::is_event_code(obis) && value.is_integer()) {
    if (value.number() == 0) return;
    const bool dated = time.precision != wire::MeterTime::Precision::kNone;
    report_.events.push_back({value.number(), "", dated ? time : report_.time, to_string(obis)});
    return;
  }
  if (!is_number(value)) {
    if (is_string(value)) return add_text(obis, value, time);
    return add_unknown(to_string(obis), value);
  }
  const std::uint8_t implied = obis::quantity_of(obis).unit;
  ScalerUnit scale{0, implied, implied != ScalerUnit().unit};
  if (scaler_unit) {
    scale = *scaler_unit;
  } else if (const auto* column = list_ != nullptr ? list_->column(obis) : nullptr) {
    scale = {column->scaler, static_cast<std::uint8_t>(column->unit)};
  }
  add_number(obis, value, scale, time);
}

void PushReader::note_identity(const Obis& obis, const std::string& text) {
  wire::MeterIdentity& meter = report_.meter;
  if (obis::is_meter_id(obis)) meter.id = text;
  if (obis::is_meter_model(obis)) meter.model = text;
  if (is_type(obis)) {
    type_ = text;
    if (!list_name_.empty()) (void)use_list_named(std::string(list_name_));
  }
  if (obis::is_logical_device_name(obis) && text.size() > 3) {
    if (meter.id.empty()) meter.id = text;
    if (meter.manufacturer.empty()) meter.manufacturer = text.substr(0, kMakerLetters);
    if (list_ == nullptr && conventions_.lists != nullptr)
      list_ = conventions_.lists->of_maker(meter.manufacturer);
  }
}

void PushReader::add_text(const Obis& obis, DataView value, const wire::MeterTime& time) {
  std::string text = text_of(value);
  note_identity(obis, text);
  if (is_list_version(obis)) (void)use_list_named(text);
  wire::Reading reading;
  reading.quantity = obis::quantity_of(obis).name;
  reading.kind = "text";
  reading.value = std::move(text);
  reading.tariff = obis.e();
  reading.subunit = obis.b();
  reading.time = time;
  reading.id = to_string(obis);
  report_.readings.push_back(std::move(reading));
}

void PushReader::add_number(const Obis& obis, DataView value, ScalerUnit scale,
                            const wire::MeterTime& time) {
  wire::Reading reading;
  if (scale.scaler < -kScalerMax || scale.scaler > kScalerMax)
    return add_unknown(to_string(obis), value);
  if (is_float(value)) {
    const double real = real_of(value);
    if (!std::isfinite(real)) return add_unknown(to_string(obis), value);
    reading.value = scale.scaler == 0 ? real : real * std::pow(10.0, scale.scaler);
  } else {
    const auto number = value.as_int();
    if (!number.ok()) return add_unknown(to_string(obis), value);
    note_identity(obis, std::to_string(*number));
    reading.value = Decimal{*number, scale.scaler};
  }
  const obis::Quantity quantity = obis::quantity_of(obis);
  // Gas and water behind an electricity meter are in its pushes, too.
  const std::string_view medium = obis::medium_of(obis);
  if (report_.meter.medium.empty() || medium == kElectricity) report_.meter.medium = medium;
  reading.quantity = quantity.name;
  reading.unit = dlms_unit_symbol(scale.unit);
  reading.kind = quantity.kind;
  if (scale.guessed) reading.note = wire::kScalerNotSent;
  reading.time = time;
  reading.storage = obis.f() == 255 ? 0 : obis.f();
  reading.tariff = obis.e();
  reading.subunit = obis.b();
  reading.id = to_string(obis);
  report_.readings.push_back(std::move(reading));
}

void PushReader::add_unknown(std::string obis, DataView value) {
  wire::Unknown unknown;
  unknown.id = std::move(obis);
  unknown.hex = to_hex(value.is_bytes() ? Bytes(value.bytes().begin(), value.bytes().end())
                                        : dlms::Data::from(value).encoded());
  report_.unknown.push_back(std::move(unknown));
}

Status read_push(ByteView date_time, ByteView body, const PushConventions& conventions,
                 wire::Report& report) {
  dlms::DataTree tree;
  AMITY_CHECK(tree.parse(body));
  PushReader reader(conventions, report);
  reader.set_time(date_time);
  reader.read(tree.root());
  return {};
}

std::string maker_of(ByteView system_title) {
  const ByteView maker = system_title.first(std::min(kMakerLetters, system_title.size()));
  const bool letters =
      std::all_of(maker.begin(), maker.end(), [](std::uint8_t c) { return std::isalpha(c) != 0; });
  return letters ? std::string(as_text(maker)) : std::string();
}

}  // namespace amity::decode
