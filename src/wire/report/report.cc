#include "wire/report/report.h"

#include <fmt/format.h>
#include <rapidjson/writer.h>

#include <cmath>
#include <iterator>

namespace amity::wire {
namespace {

// RapidJSON writes into the caller's string.
class StringSink {
 public:
  using Ch = char;
  explicit StringSink(std::string& out) : out_(out) {}
  void Put(char c) { out_.push_back(c); }
  void Flush() {}

 private:
  std::string& out_;
};

class Json {
 public:
  explicit Json(std::string& out) : sink_(out), writer_(sink_) {}

  void open() { writer_.StartObject(); }
  void close() { writer_.EndObject(); }
  void key(std::string_view name) { writer_.Key(name.data(), size_of(name)); }
  void text(std::string_view value) { writer_.String(value.data(), size_of(value)); }
  void member(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void member_if(std::string_view name, std::string_view value) {
    if (!value.empty()) member(name, value);
  }
  void member(std::string_view name, std::uint64_t value) {
    key(name);
    writer_.Uint64(value);
  }
  void member(std::string_view name, std::int64_t value) {
    key(name);
    writer_.Int64(value);
  }
  void member(std::string_view name, bool value) {
    key(name);
    writer_.Bool(value);
  }
  void member(std::string_view name, const MeterTime& time) {
    if (time.precision != MeterTime::Precision::kNone) member(name, to_string(time));
  }
  void number(std::string_view digits) {
    writer_.RawValue(digits.data(), digits.size(), rapidjson::kNumberType);
  }
  void null() { writer_.Null(); }

  template <class Items, class Write>
  void list(std::string_view name, const Items& items, Write write) {
    key(name);
    writer_.StartArray();
    for (const auto& item : items) {
      writer_.StartObject();
      write(item);
      writer_.EndObject();
    }
    writer_.EndArray();
  }

 private:
  static rapidjson::SizeType size_of(std::string_view s) {
    return static_cast<rapidjson::SizeType>(s.size());
  }
  StringSink sink_;
  rapidjson::Writer<StringSink> writer_;
};

void write_value(Json& json, const Reading& reading) {
  json.key("value");
  if (const auto* exact = std::get_if<Decimal>(&reading.value)) {
    json.number(to_string(*exact));
  } else if (const auto* real = std::get_if<double>(&reading.value)) {
    // JSON has no infinities: a float that is none is no value.
    std::isfinite(*real) ? json.number(fmt::format("{}", *real)) : json.null();
  } else {
    json.text(std::get<std::string>(reading.value));
  }
}

void write_reading(Json& json, const Reading& reading) {
  json.member("quantity", reading.quantity);
  json.member("unit", reading.unit);
  write_value(json, reading);
  json.member("storage", reading.storage);
  json.member("tariff", std::uint64_t{reading.tariff});
  json.member("subunit", std::uint64_t{reading.subunit});
  json.member_if("kind", reading.kind);
  json.member("time", reading.time);
  json.member_if("id", reading.id);
  json.member_if("note", reading.note);
}

void write_heads(Json& json, const Report& report) {
  json.member("protocol", report.protocol);
  json.key("meter");
  json.open();
  json.member("id", report.meter.id);
  json.member("manufacturer", report.meter.manufacturer);
  json.member("medium", report.meter.medium);
  json.member("model", report.meter.model);
  json.member_if("version", report.meter.version);
  json.close();
  json.key("security");
  json.open();
  json.member("mode", report.security.mode);
  json.member("ok", report.security.ok);
  json.member_if("reason", report.security.reason);
  json.close();
  json.member("time", report.time);
}

}  // namespace

std::string to_string(const MeterTime& time) {
  using Precision = MeterTime::Precision;
  if (time.precision == Precision::kNone) return {};
  std::string text = fmt::format("{:04}-{:02}-{:02}", time.year, time.month, time.day);
  if (time.precision == Precision::kDay) return text;
  fmt::format_to(std::back_inserter(text), "T{:02}:{:02}", time.hour, time.minute);
  if (time.precision == Precision::kSecond)
    fmt::format_to(std::back_inserter(text), ":{:02}", time.second);
  if (time.utc_offset_minutes) {
    const int offset = *time.utc_offset_minutes;
    if (offset == 0) return text + 'Z';
    const int size = offset < 0 ? -offset : offset;
    fmt::format_to(std::back_inserter(text), "{}{:02}:{:02}", offset < 0 ? '-' : '+', size / 60,
                   size % 60);
  }
  return text;
}

void Report::clear() {
  protocol = {};
  meter = {};
  security = {};
  time = {};
  readings.clear();
  events.clear();
  unknown.clear();
  details.clear();
  layout.clear();
}

void append_json(const Report& report, std::string& out) {
  Json json(out);
  json.open();
  write_heads(json, report);
  json.list("readings", report.readings,
            [&](const Reading& reading) { write_reading(json, reading); });
  json.list("events", report.events, [&](const Event& event) {
    json.member("code", event.code);
    json.member_if("text", event.text);
    json.member("time", event.time);
    json.member_if("id", event.id);
  });
  json.list("unknown", report.unknown, [&](const Unknown& unknown) {
    json.member("offset", std::uint64_t{unknown.offset});
    json.member_if("id", unknown.id);
    json.member("data", unknown.hex);
  });
  if (!report.details.empty()) {
    json.key("details");
    json.open();
    for (const auto& [name, value] : report.details) json.member(name, value);
    json.close();
  }
  if (report.explain) {
    json.list("layout", report.layout, [&](const Part& part) {
      json.member("offset", std::uint64_t{part.offset});
      json.member("size", std::uint64_t{part.size});
      json.member("depth", std::int64_t{part.depth});
      json.member("meaning", part.meaning);
      json.member_if("value", part.value);
    });
  }
  json.close();
}

}  // namespace amity::wire
