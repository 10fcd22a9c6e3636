#include "exchange/reading_rows.h"

#include <fmt/format.h>

#include "base/decimal.h"
#include "base/json_text.h"

namespace amity::exchange {

namespace {

// `more`: further fields, each with the comma before it.
void append_fields(std::string& out, RowFormat format, std::string_view serial,
                   const Channel& channel, const Reading& reading, const TimeZone& zone,
                   std::string_view more) {
  const std::string value = to_string(Decimal{reading.value, channel.exponent});
  const std::string utc = to_iso(reading.time);
  const std::string local = zone.to_iso_local(reading.time);
  const char quality = quality_letter(reading.quality);
  const std::string flags = to_string(reading.quality);
  if (format == RowFormat::kCsv) {
    append_csv_field(out, serial);
    fmt::format_to(std::back_inserter(out), ",{},", channel.id.value);
    append_csv_field(out, channel.name);
    fmt::format_to(std::back_inserter(out), ",{},{},{},{},{},{}{}\r\n", symbol(channel.unit),
                   utc, local, value, quality, flags, more);
    return;
  }
  out += "{\"serial\":";
  append_json_string(out, serial);
  fmt::format_to(std::back_inserter(out), ",\"channel\":{},\"name\":", channel.id.value);
  append_json_string(out, channel.name);
  fmt::format_to(std::back_inserter(out),
                 ",\"unit\":\"{}\",\"utc\":\"{}\",\"local\":\"{}\",\"value\":\"{}\",\"quality\":\"{"
                 "}\",\"flags\":\"{}\"{}}}\n",
                 symbol(channel.unit), utc, local, value, quality, flags, more);
}

}  // namespace

void append_header(std::string& out, RowFormat format) {
  if (format == RowFormat::kCsv)
    out += "serial,channel,name,unit,utc,local,value,quality,flags\r\n";
}

void append_row(std::string& out, RowFormat format, std::string_view serial, const Channel& channel,
                const Reading& reading, const TimeZone& zone) {
  append_fields(out, format, serial, channel, reading, zone, "");
}

void append_final_header(std::string& out, RowFormat format) {
  if (format == RowFormat::kCsv)
    out += "serial,channel,name,unit,utc,local,value,quality,flags,code,version\r\n";
}

void append_final_row(std::string& out, RowFormat format, std::string_view serial,
                      const Channel& channel, const Reading& reading, std::string_view code,
                      std::uint32_t version, const TimeZone& zone) {
  const std::string more = format == RowFormat::kCsv
                               ? fmt::format(",{},{}", code, version)
                               : fmt::format(",\"code\":\"{}\",\"version\":{}", code, version);
  append_fields(out, format, serial, channel, reading, zone, more);
}

void append_error(std::string& out, RowFormat format, std::string_view what) {
  out += format == RowFormat::kCsv ? "error," : "{\"error\":";
  format == RowFormat::kCsv ? append_csv_field(out, what) : append_json_string(out, what);
  out += format == RowFormat::kCsv ? "\r\n" : "}\n";
}

void append_csv_field(std::string& out, std::string_view text) {
  const bool formula =
      !text.empty() && std::string_view("=+-@\t").find(text.front()) != std::string_view::npos;
  if (!formula && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += formula ? "\"'" : "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace amity::exchange
