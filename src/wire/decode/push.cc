#include "wire/decode/push.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/decimal.h"
#include "base/units.h"
#include "wire/dlms/data_value.h"
#include "wire/obis/quantity.h"

namespace amity::decode {
namespace {

using dlms::DataType;
using dlms::DataView;
using dlms::Obis;

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

std::optional<ByteView> as_date_time(DataView v) {
  if (v.type() != DataType::kDateTime && v.type() != DataType::kOctetString) return std::nullopt;
  if (v.bytes().size() != dlms::DateTime::kSize) return std::nullopt;
  const auto value = dlms::date_time_from(v.bytes());
  if (!value.ok() || !dlms::local_seconds(*value).ok()) return std::nullopt;
  return v.bytes();
}

bool is_scaler_unit(DataView v) {
  if (v.type() != DataType::kStructure || v.size() != 2) return false;
  return v.at(0)->type() == DataType::kInt8 && v.at(1)->type() == DataType::kEnum;
}

bool is_number(DataView v) {
  return v.is_integer() || v.type() == DataType::kFloat32 || v.type() == DataType::kFloat64;
}

// {class uint16, name octet-string[6], attribute int8, index uint16, ...}: a push object
// definition.
std::optional<Obis> as_object_definition(DataView v) {
  if (v.type() != DataType::kStructure || v.size() < 4) return std::nullopt;
  if (v.at(0)->type() != DataType::kUint16 || v.at(2)->type() != DataType::kInt8)
    return std::nullopt;
  return as_obis(*v.at(1));
}

// Text that some meters fill up with zeros, or hexadecimal.
std::string text_of(DataView v) {
  ByteView bytes = v.bytes();
  while (!bytes.empty() && bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
  return is_printable(bytes) ? std::string(as_text(bytes)) : to_hex(v.bytes());
}

// An exact decimal; floats as the shortest text that reads back the same. Nothing for what JSON has
// no number for.
std::optional<std::string> number_text(DataView v, int scaler) {
  if (v.type() == DataType::kFloat32 || v.type() == DataType::kFloat64) {
    const std::string text =
        v.type() == DataType::kFloat32
            ? fmt::format("{}", std::bit_cast<float>(static_cast<std::uint32_t>(v.number())))
            : fmt::format("{}", std::bit_cast<double>(v.number()));
    return text.find_first_of("in") == std::string::npos && scaler == 0 ? std::optional(text)
                                                                        : std::nullopt;
  }
  const auto value = v.as_int();
  if (!value.ok() || scaler < -18 || scaler > 18) return std::nullopt;
  return to_string(Decimal{*value, scaler});
}

const PushColumn* find_column(const PairList& list, const Obis& obis) {
  for (const PushColumn& column : list.columns) {
    if (column.obis.a() == obis.a() && column.obis.c() == obis.c() && column.obis.d() == obis.d())
      return &column;
  }
  return nullptr;
}

}  // namespace

std::string PushReader::time_text(ByteView date_time) const {
  const auto value = dlms::date_time_from(date_time);
  if (!value.ok()) return "";
  if (const auto utc = dlms::to_utc(*value, sign_, zone_); utc.ok()) return to_iso(utc->time);
  const auto local = dlms::local_seconds(*value);
  if (!local.ok()) return "";
  std::string text = to_iso(*local);
  text.pop_back();  // no Z: the meter's wall clock
  return text;
}

void PushReader::set_time(ByteView date_time) {
  if (date_time.size() == dlms::DateTime::kSize) contents_.time = time_text(date_time);
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
  std::vector<Obis> names;
  for (const DataView definition : items[0]) {
    const auto obis = as_object_definition(definition);
    if (!obis) return false;
    names.push_back(*obis);
  }
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (items[i].is_container()) {
      add_unknown(to_string(names[i]), items[i]);
    } else {
      add(names[i], items[i], std::nullopt);
    }
  }
  return true;
}

bool PushReader::read_positional(const Items& items) {
  if (items.empty() || !is_string(items[0])) return false;
  const std::string_view id = items[0].text();
  const PositionalList* list = find_positional_list(id, items.size());
  if (list == nullptr) return false;
  contents_.manufacturer = list->manufacturer;
  for (std::size_t i = 1; i < items.size(); ++i) {
    const PushColumn& column = list->columns[i - 1];
    if (is_number(items[i])) {
      add_number(column.obis, items[i], column.scaler, column.unit);
    } else {
      add(column.obis, items[i], std::nullopt);
    }
  }
  return true;
}

void PushReader::read_items(const Items& items) {
  if (!items.empty() && is_string(items[0])) {
    if (const PairList* pairs = find_pair_list(items[0].text())) {
      pairs_ = pairs;
      contents_.manufacturer = pairs->manufacturer;
    }
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const DataView item = items[i];
    const auto obis = as_obis(item);
    if (obis && i + 1 < items.size() && !items[i + 1].is_container()) {
      const bool has_unit = i + 2 < items.size() && is_scaler_unit(items[i + 2]);
      add(*obis, items[i + 1], has_unit ? std::optional(items[i + 2]) : std::nullopt);
      i += has_unit ? 2 : 1;
    } else if (item.is_container()) {
      if (const auto definition = as_object_definition(item)) {
        add_unknown(to_string(*definition), item);
      } else {
        read_items(Items(item.begin(), item.end()));
      }
    } else if (const auto time = as_date_time(item)) {
      contents_.time = time_text(*time);
    } else if (pairs_ == nullptr || i != 0 || !is_string(item)) {
      add_unknown(obis ? to_string(*obis) : "", item);
    }
  }
}

void PushReader::add(const Obis& obis, DataView value, std::optional<DataView> scaler_unit) {
  if (const auto time = as_date_time(value); time && obis::is_clock(obis)) {
    contents_.time = time_text(*time);
    return;
  }
  if (obis::is_event_code(obis) && value.is_integer()) {
    if (value.number() != 0) contents_.events.push_back({obis, value.number(), contents_.time});
    return;
  }
  if (!is_number(value)) {
    if (is_string(value)) return add_text(obis, value);
    return add_unknown(to_string(obis), value);
  }
  int scaler = 0;
  std::uint8_t unit = obis::quantity_of(obis).unit;
  if (scaler_unit) {
    scaler = static_cast<int>(scaler_unit->at(0)->number());
    unit = static_cast<std::uint8_t>(scaler_unit->at(1)->number());
  } else if (const PushColumn* column = pairs_ != nullptr ? find_column(*pairs_, obis) : nullptr) {
    scaler = column->scaler;
    unit = column->unit;
  }
  add_number(obis, value, scaler, unit);
}

void PushReader::note_identity(const Obis& obis, const std::string& text) {
  if (obis::is_meter_id(obis)) contents_.meter_id = text;
  if (obis::is_meter_model(obis)) contents_.model = text;
  if (obis::is_logical_device_name(obis) && text.size() > 3) {
    if (contents_.meter_id.empty()) contents_.meter_id = text;
    if (contents_.manufacturer.empty()) contents_.manufacturer = text.substr(0, 3);
  }
}

void PushReader::add_text(const Obis& obis, DataView value) {
  const std::string text = text_of(value);
  note_identity(obis, text);
  Reading reading;
  reading.obis = obis;
  reading.quantity = obis::quantity_of(obis).name;
  reading.kind = "text";
  reading.value = text;
  reading.is_text = true;
  reading.time = contents_.time;
  contents_.readings.push_back(std::move(reading));
}

void PushReader::add_number(const Obis& obis, DataView value, int scaler, std::uint8_t unit) {
  const auto text = number_text(value, scaler);
  if (!text) return add_unknown(to_string(obis), value);
  note_identity(obis, *text);
  const obis::Quantity quantity = obis::quantity_of(obis);
  if (const std::string_view medium = obis::medium_of(obis); !medium.empty())
    contents_.medium = medium;
  Reading reading;
  reading.obis = obis;
  reading.quantity = quantity.name;
  reading.unit = dlms_unit_symbol(unit);
  reading.kind = quantity.kind;
  reading.value = *text;
  reading.time = contents_.time;
  contents_.readings.push_back(std::move(reading));
}

void PushReader::add_unknown(std::string obis, DataView value) {
  contents_.unknown.push_back({std::move(obis), dlms::to_text(value)});
}

}  // namespace amity::decode
