#include "app/read_printer.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/decimal.h"
#include "base/json_text.h"
#include "wire/dlms/data_value.h"

namespace amity::app {

namespace {

bool printable(ByteView bytes) {
  const auto shown = [](std::uint8_t b) { return b >= 0x20 && b < 0x7F; };
  return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), shown);
}

std::string scaled(std::int64_t value, std::int8_t exponent) { return to_string(Decimal{value, exponent}); }

std::string unit_of(const headend::Column& column) {
  return std::string(dlms_unit_symbol(static_cast<std::uint8_t>(column.unit)));
}

}  // namespace

std::string value_text(ByteView encoded, std::int8_t exponent) {
  dlms::DataTree tree;
  const Status parsed = tree.parse(encoded);
  if (!parsed.ok()) return to_string(parsed.error());
  const dlms::DataView root = tree.root();
  if (root.is_integer()) {
    const auto value = root.as_int();
    if (value.ok()) return scaled(*value, exponent);
  }
  if (root.type() == dlms::DataType::kOctetString) {
    if (root.bytes().size() == dlms::DateTime::kSize) {
      const auto stamp = dlms::date_time_from(root.bytes());
      if (stamp.ok()) return dlms::to_string(*stamp);
    }
    if (printable(root.bytes())) return std::string(root.text());
  }
  return dlms::to_text(root);
}

void print_value(const ReadValue& value, bool json) {
  if (json) {
    fmt::print("{{\"class\":{},\"obis\":{},\"attribute\":{},\"{}\":{},\"unit\":{}}}\n", value.class_id,
               json_string(dlms::to_reduced(value.obis)), value.attribute, value.ok ? "value" : "error",
               json_string(value.text), json_string(value.unit));
    return;
  }
  fmt::print("{:<18} {:>3} {:>2}  {}{}{}\n", dlms::to_reduced(value.obis), value.class_id, value.attribute,
             value.ok ? "" : "- ", value.text, value.unit.empty() ? "" : " " + value.unit);
}

void print_rows(const headend::Profile& profile, const headend::ProfileRows& rows, bool json) {
  std::vector<const headend::Column*> columns;
  for (const headend::Column& c : profile.columns) {
    if (c.role == headend::ColumnRole::kValue) columns.push_back(&c);
  }
  const bool codes = std::any_of(profile.columns.begin(), profile.columns.end(),
                                 [](const auto& c) { return c.role == headend::ColumnRole::kEventCode; });
  if (!json) {
    fmt::print("{:<20} {}", "time", codes ? "event" : "q");
    for (const auto* c : columns) {
      fmt::print(" {:>20}", dlms::to_reduced(c->object.attribute.instance) + " " + unit_of(*c));
    }
    fmt::print("\n");
  }
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const headend::ProfileRow& row = rows.rows[i];
    if (json) {
      fmt::print("{{\"time\":\"{}\",\"quality\":{}", to_iso(row.time), json_string(to_string(row.quality)));
      if (codes) fmt::print(",\"event\":{}", row.event_code);
      fmt::print(",\"values\":{{");
    } else {
      fmt::print("{:<20} {}", to_iso(row.time),
                 codes ? std::to_string(row.event_code) : std::string(1, quality_letter(row.quality)));
    }
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string text = rows.has(i, c) ? scaled(rows.value(i, c), columns[c]->exponent) : "-";
      if (json) {
        fmt::print("{}{}:{}", c == 0 ? "" : ",", json_string(dlms::to_reduced(columns[c]->object.attribute.instance)),
                   rows.has(i, c) ? text : "null");
      } else {
        fmt::print(" {:>20}", text);
      }
    }
    fmt::print("{}\n", json ? "}}" : "");
  }
}

}  // namespace amity::app
