#include "driver/meter_model.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "driver/limits.h"
#include "driver/model_table.h"

namespace amity::driver {
namespace {

constexpr std::int64_t kWordMax = std::numeric_limits<std::uint32_t>::max();
constexpr unsigned kTablesMax = 2048;  // standard ones; as many are the manufacturer's
constexpr std::int64_t kStorageMax = std::numeric_limits<std::int64_t>::max();

Detection detection_from(ModelTable& table) {
  Detection d;
  d.protocol = table.text("protocol", true);
  d.manufacturer = table.text("manufacturer");
  d.versions = table.texts("versions");
  d.mediums = table.texts("mediums");
  d.model_prefix = table.text("model_prefix");
  d.id_prefix = table.text("id_prefix");
  if (d.manufacturer.empty() && d.model_prefix.empty() && d.id_prefix.empty()) {
    table.fail("a detection names at least a manufacturer, a model_prefix or an id_prefix");
  }
  return d;
}

template <class Number>
std::optional<Number> optional_number(ModelTable& table, std::string_view key, std::int64_t most) {
  const bool given = table.has(key);
  const std::int64_t value = table.integer(key, 0, most, 0);
  return given ? std::optional<Number>(static_cast<Number>(value)) : std::nullopt;
}

ChannelRule channel_from(ModelTable& table) {
  ChannelRule c;
  c.name = table.text("name", true);
  c.kind = table.word<ChannelKind>(
      "kind", {{"register", ChannelKind::kRegister}, {"interval", ChannelKind::kInterval}},
      ChannelKind::kRegister);
  c.quantity = table.text("quantity");
  c.reading_kind = table.text("reading_kind");
  c.id = table.text("id");
  if (table.has("note")) c.note = table.text("note");
  c.note_prefix = table.text("note_prefix");
  c.storage = optional_number<std::uint64_t>(table, "storage", kStorageMax);
  c.tariff = optional_number<std::uint32_t>(table, "tariff", kWordMax);
  c.subunit = optional_number<std::uint32_t>(table, "subunit", kWordMax);
  const std::string unit = table.text("unit");
  if (const auto known = unit_from(unit)) {
    c.unit = *known;
  } else {
    table.fail("the unit \"" + unit + "\" is not known");
  }
  c.exponent = static_cast<std::int8_t>(table.integer("exponent", -18, 18, 0));
  if (c.quantity.empty() && c.id.empty()) table.fail("a channel names a quantity or an id");
  return c;
}

StatusRule status_from(ModelTable& table) {
  StatusRule s;
  s.reading = table.text("reading");
  s.mask = static_cast<std::uint32_t>(table.integer("mask", 1, kWordMax, 1));
  s.value = static_cast<std::uint32_t>(table.integer("value", 0, kWordMax, s.mask));
  if ((s.value & ~s.mask) != 0) table.fail("\"value\" has bits outside the mask: it never agrees");
  s.text = table.text("text", true);
  s.category = table.word<EventCategory>("category",
                                         {{"power", EventCategory::kPower},
                                          {"tamper", EventCategory::kTamper},
                                          {"quality", EventCategory::kQuality},
                                          {"clock", EventCategory::kClock},
                                          {"comms", EventCategory::kComms},
                                          {"security", EventCategory::kSecurity},
                                          {"device", EventCategory::kDevice}},
                                         EventCategory::kDevice);
  s.severity = table.word<Severity>("severity",
                                    {{"info", Severity::kInfo},
                                     {"low", Severity::kLow},
                                     {"medium", Severity::kMedium},
                                     {"high", Severity::kHigh}},
                                    Severity::kLow);
  return s;
}

// Of a table in the place of a block.
TableRule table_from(ModelTable& table) {
  TableRule rule;
  rule.field = number_from(table);
  rule.table = table.text("table", true);
  rule.tariff = static_cast<std::uint32_t>(table.integer("tariff", 0, kWordMax, 0));
  const bool named = rule.table.size() > 2 && rule.table.starts_with("MT") &&
                     rule.table.find_first_not_of("0123456789", 2) == std::string::npos;
  if (!named) table.fail("\"table\" is a manufacturer's table, \"MT5\"");
  return rule;
}

// "ST1 4745..." or "MT5 00FF..".
std::pair<std::uint16_t, Bytes> table_image_from(ModelTable& table, std::string_view text) {
  const std::size_t blank = text.find(' ');
  const bool ours = text.starts_with("MT");
  unsigned number = 0;
  const std::string_view digits = text.substr(std::min<std::size_t>(2, text.size()), blank - 2);
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  auto bytes = from_hex(blank == std::string_view::npos ? "" : text.substr(blank + 1));
  if (blank == std::string_view::npos || (!ours && !text.starts_with("ST")) ||
      number >= kTablesMax || end.ec != std::errc() || end.ptr != digits.data() + digits.size() ||
      !bytes.ok()) {
    table.fail("a table is its name and its contents, \"ST1 4745...\"");
    return {};
  }
  return {static_cast<std::uint16_t>(number + (ours ? kTablesMax : 0)), std::move(*bytes)};
}

RegisterRule register_from(ModelTable& table) {
  RegisterRule r;
  r.input = table.word<bool>("table", {{"holding", false}, {"input", true}}, false);
  r.address = static_cast<std::uint16_t>(table.integer("address", 0, 0xFFFF, 0));
  r.type = table.text("type", true);
  r.low_word_first = table.word<bool>("order", {{"high-first", false}, {"low-first", true}}, false);
  r.exponent = static_cast<int>(table.integer("exponent", -18, 18, 0));
  r.quantity = table.text("quantity", true);
  r.unit = table.text("unit");
  r.kind = table.text("kind");
  r.tariff = static_cast<std::uint32_t>(table.integer("tariff", 0, kWordMax, 0));
  return r;
}

// "1.0.31.7.0.255 A -3": OBIS code, unit ("-": none), scaler; the last two may be absent.
obis::ListColumn column_from(ModelTable& table, std::string_view text) {
  obis::ListColumn column;
  const auto next = [&text] {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
  };
  const std::string_view name = next(), unit = next(), scaler = next();
  const auto code = dlms::obis_from(name);
  const auto known = unit_from(unit == "-" ? std::string_view() : unit);
  int exponent = 0;
  const auto end = std::from_chars(scaler.data(), scaler.data() + scaler.size(), exponent);
  const bool number = scaler.empty() || (end.ec == std::errc() && end.ptr == scaler.end());
  if (!code.ok() || !known || !number || !text.empty() || exponent < -18 || exponent > 18) {
    table.fail("a column is an OBIS code, a unit and a scaler, not \"" + std::string(name) + " " +
               std::string(unit) + "\"");
    return column;
  }
  return {*code, exponent, *known};
}

obis::ValueList list_from(ModelTable& table) {
  obis::ValueList list;
  list.manufacturer = table.text("manufacturer", true);
  list.id = table.text("id");
  list.model = table.text("model");
  if (!list.model.empty() && list.id.empty()) table.fail("a list of a \"model\" has an \"id\"");
  list.items = static_cast<std::size_t>(table.integer("items", 0, kListItemsMax, 0));
  for (const std::string& text : table.texts("columns"))
    list.columns.push_back(column_from(table, text));
  if (const std::string tail = table.text("tail"); !tail.empty()) {
    const auto code = dlms::obis_from(tail);
    if (!code.ok()) table.fail("\"tail\" is no OBIS code");
    if (code.ok()) list.tail = *code;
  }
  return list;
}

// Meters end their lines with CR LF, editors with LF.
Bytes lines(std::string_view text) {
  Bytes bytes;
  for (const char c : text) {
    if (c == '\n' && (bytes.empty() || bytes.back() != '\r')) bytes.push_back('\r');
    bytes.push_back(static_cast<std::uint8_t>(c));
  }
  return bytes;
}

TestFrame frame_from(ModelTable& table) {
  TestFrame f;
  f.name = table.text("name", true);
  f.request = table.hex("request");
  for (const std::string& text : table.texts("tables"))
    f.tables.push_back(table_image_from(table, text));
  f.frame = table.has("text") ? lines(table.text("text")) : table.hex("hex", f.tables.empty());
  f.key = table.hex("key");
  f.authentication_key = table.hex("auth_key");
  f.meter_id = table.text("meter_id", f.request.empty());
  f.channels = table.texts("channels");
  f.events = table.texts("events");
  if (f.channels.empty()) table.fail("a test frame gives at least one channel");
  return f;
}

}  // namespace

VendorField field_from(ModelTable& table) {
  VendorField f = number_from(table);
  f.block = table.text("block", true);
  f.block_bytes = static_cast<std::size_t>(table.integer("block_bytes", 0, 4096, 0));
  if (f.block_bytes != 0 && f.offset + f.size > f.block_bytes)
    table.fail("the field ends behind its block");
  return f;
}

VendorField number_from(ModelTable& table) {
  VendorField f;
  f.offset = static_cast<std::size_t>(table.integer("offset", 0, 4096, 0));
  f.size = static_cast<std::size_t>(table.integer("size", 1, kFieldBytesMax, 1));
  f.type = table.word<FieldType>("type",
                                 {{"unsigned-le", FieldType::kUnsignedLe},
                                  {"unsigned-be", FieldType::kUnsignedBe},
                                  {"signed-le", FieldType::kSignedLe},
                                  {"signed-be", FieldType::kSignedBe},
                                  {"bcd-le", FieldType::kBcdLe},
                                  {"bcd-be", FieldType::kBcdBe}},
                                 FieldType::kUnsignedLe);
  f.exponent = static_cast<int>(table.integer("exponent", -18, 18, 0));
  f.quantity = table.text("quantity", true);
  f.unit = table.text("unit");
  f.kind = table.text("kind");
  f.storage = static_cast<std::uint64_t>(table.integer("storage", 0, kStorageMax, 0));
  return f;
}

static ReadingRule reading_from(ModelTable& table) {
  ReadingRule r;
  r.id = table.text("id", true);
  r.quantity = table.text("quantity", true);
  r.unit = table.text("unit");
  r.kind = table.text("kind");
  r.divisor = table.integer("divisor", 1, kDivisorMax, 1);
  return r;
}

Result<MeterModel> parse_model(std::string_view toml, std::string_view file) {
  if (toml.size() > kModelBytesMax) {
    return make_error(ErrorCode::kLimit, std::string(file) + ": a meter model has at most " +
                                             std::to_string(kModelBytesMax) + " bytes");
  }
  const toml::parse_result parsed = toml::parse(toml, file);
  ModelFile context{file, {}};
  if (!parsed) {
    context.fail(parsed.error().source(), std::string(parsed.error().description()));
    return context.status.error();
  }
  MeterModel model;
  model.file = file;
  ModelTable table(context, parsed.table());
  model.name = table.text("name", true);
  model.manufacturer = table.text("manufacturer", true);
  model.medium = table.text("medium", true);
  model.facts = table.text("facts", true);
  table.tables("detect", [&](ModelTable& t) { model.detections.push_back(detection_from(t)); });
  table.tables("channel", [&](ModelTable& t) { model.channels.push_back(channel_from(t)); });
  table.tables("status", [&](ModelTable& t) { model.statuses.push_back(status_from(t)); });
  table.tables("reading", [&](ModelTable& t) { model.readings.push_back(reading_from(t)); });
  table.tables("field", [&](ModelTable& t) { model.fields.push_back(field_from(t)); });
  table.tables("table", [&](ModelTable& t) { model.tables.push_back(table_from(t)); });
  table.tables("register", [&](ModelTable& t) { model.registers.push_back(register_from(t)); });
  table.tables("list", [&](ModelTable& t) { model.lists.push_back(list_from(t)); });
  table.tables("frame", [&](ModelTable& t) { model.frames.push_back(frame_from(t)); });
  table.finish();
  if (model.detections.empty()) table.fail("a meter model has at least one [[detect]]");
  if (model.channels.empty()) table.fail("a meter model has at least one [[channel]]");
  if (!context.status.ok()) return context.status.error();
  return model;
}

}  // namespace amity::driver
