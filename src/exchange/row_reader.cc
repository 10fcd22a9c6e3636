#include "exchange/row_reader.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <charconv>

#include "exchange/quality_codes.h"
#include "exchange/unit_codes.h"

namespace amity::exchange {
namespace {

Error bad(std::string why) {
  return make_error(ErrorCode::kMalformed, std::move(why));
}

Result<Quality> quality_from(std::string_view flags) {
  Quality quality;
  while (!flags.empty()) {
    const std::size_t end = std::min(flags.find(' '), flags.size());
    const std::string_view name = flags.substr(0, end);
    flags.remove_prefix(std::min(end + 1, flags.size()));
    if (name.empty()) continue;
    unsigned bit = 0;
    while (bit < 16 && to_string(Quality{static_cast<std::uint16_t>(1u << bit)}) != name) ++bit;
    if (bit == 16) return bad("no flag is named '" + std::string(name) + "'");
    quality.bits = static_cast<std::uint16_t>(quality.bits | 1u << bit);
  }
  return quality;
}

// One column of either format.
Status take(std::string_view name, std::string_view text, ParsedRow& row, UnitScale& scale) {
  if (name == "serial") {
    row.serial = text;
  } else if (name == "name") {
    row.name = text;
  } else if (name == "utc") {
    AMITY_TRY(row.time, from_iso(text));
  } else if (name == "value") {
    AMITY_TRY(row.value, decimal_from(text));
  } else if (name == "flags") {
    AMITY_TRY(const Quality told, quality_from(text));
    row.quality.bits = static_cast<std::uint16_t>(row.quality.bits | told.bits);
  } else if (name == "code") {  // of a final value; "" and "P" tell nothing
    const auto code = quality_from_nem12(text);
    if (!code && !text.empty() && text != "P") return bad("'" + std::string(text) + "' is no code");
    if (code) row.quality.bits = static_cast<std::uint16_t>(row.quality.bits | code->quality.bits);
    if (code) row.method = code->method % kForwardEstimate;  // ours are estimates by any letter
  } else if (name == "unit") {
    const auto own = unit_from(text);  // ours come as they are, kWh and the like are converted
    const auto theirs = own ? std::optional(UnitScale{*own}) : unit_scale_from(text);
    if (!theirs) return bad("no unit is named '" + std::string(text) + "'");
    scale = *theirs;
    row.unit = scale.unit;
  } else if (name == "channel") {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), row.channel);
    if (error != std::errc() || end != text.data() + text.size())
      return bad("'channel' is no whole number");
  }
  return {};
}

// The value may stand before its unit.
Status to_our_unit(const UnitScale& scale, ParsedRow& row) {
  if (scale.factor == 1 && scale.exponent == 0) return {};
  AMITY_TRY(row.value, scaled(row.value, scale));
  if (row.value.exponent <= 0) return {};
  AMITY_TRY(row.value.value, rescale(row.value, 0));
  row.value.exponent = 0;
  return {};
}

}  // namespace

Status split_csv(std::string_view line, std::vector<std::string>& fields, char separator) {
  fields.clear();
  std::size_t at = 0;
  for (;;) {
    if (fields.size() >= kRowFieldsMax) return make_error(ErrorCode::kLimit, "too many fields", at);
    std::string& field = fields.emplace_back();
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at >= line.size())
          return make_error(ErrorCode::kMalformed, "a quote is not closed", at);
        if (line[at] == '"' && (at + 1 >= line.size() || line[at + 1] != '"')) break;
        if (line[at] == '"') ++at;
        field += line[at];
      }
      ++at;
      if (field.size() > 1 && field[0] == '\'' &&
          std::string_view("=+-@\t").find(field[1]) != std::string_view::npos) {
        field.erase(0, 1);
      }
      if (at < line.size() && line[at] != separator)
        return make_error(ErrorCode::kMalformed, "text after a quote", at);
    } else {
      const std::size_t end = std::min(line.find(separator, at), line.size());
      field = line.substr(at, end - at);
      at = end;
    }
    if (at >= line.size()) return {};
    ++at;
  }
}

Status RowReader::read_csv(std::string_view line, ParsedRow& row) {
  UnitScale scale;
  AMITY_CHECK(split_csv(line, fields_));
  if (fields_.size() != header_.size()) {
    return bad(std::to_string(fields_.size()) + " fields where the header has " +
               std::to_string(header_.size()));
  }
  for (std::size_t i = 0; i < fields_.size(); ++i)
    AMITY_CHECK(take(header_[i], fields_[i], row, scale));
  return to_our_unit(scale, row);
}

Status RowReader::read_json(std::string_view line, ParsedRow& row) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(line.data(), line.size());
  if (document.HasParseError()) {
    return make_error(ErrorCode::kMalformed, "no JSON", document.GetErrorOffset());
  }
  if (!document.IsObject()) return bad("no JSON object");
  UnitScale scale;
  bool time = false, value = false;
  for (const auto& [key, member] : document.GetObject()) {
    const std::string_view name(key.GetString(), key.GetStringLength());
    time = time || name == "utc";
    value = value || name == "value";
    if (name == "channel" && member.IsUint()) {
      row.channel = member.GetUint();
    } else if (member.IsString()) {
      AMITY_CHECK(take(name, {member.GetString(), member.GetStringLength()}, row, scale));
    } else if (name == "value" || name == "utc" || name == "channel") {
      return bad("'" + std::string(name) + "' is text in these files, so that no digit is lost");
    }
  }
  if (!time || !value) return bad("'utc' or 'value' is missing");
  return to_our_unit(scale, row);
}

Result<bool> RowReader::read(std::string_view line, ParsedRow& row) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty()) return false;
  if (line.size() > kRowBytesMax) return make_error(ErrorCode::kLimit, "the line is too long");
  row = {};
  if (format_ == RowFormat::kJsonLines) {
    AMITY_CHECK(read_json(line, row));
    return true;
  }
  if (header_.empty()) {
    AMITY_CHECK(split_csv(line, fields_));
    const auto has = [&](std::string_view name) {
      return std::find(fields_.begin(), fields_.end(), name) != fields_.end();
    };
    if (!has("utc") || !has("value")) return bad("the header names no column 'utc' or 'value'");
    header_ = fields_;
    return false;
  }
  AMITY_CHECK(read_csv(line, row));
  return true;
}

void RowsReader::on_line(std::string_view line, std::size_t number) {
  const auto read = rows_.read(line, row_);
  if (!read.ok()) return refuse(number, read.error().reason);
  if (!*read) return;
  MeterSeries series;
  series.serial = row_.serial;
  series.name = row_.name;
  series.unit = row_.unit;
  series.interval_s = interval_s_;
  series.interval_known = interval_s_ != 0;
  series.multiplier = 0;
  if (!have_series_ || !(series == series_)) {
    series_ = std::move(series);
    have_series_ = true;
    sink_.on_series(series_, number);
  }
  sink_.on_value({row_.time, interval_s_, row_.value, row_.quality, row_.method}, number);
}

}  // namespace amity::exchange
