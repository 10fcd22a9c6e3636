#include "exchange/csv_mapping.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "exchange/digits.h"
#include "exchange/row_reader.h"

namespace amity::exchange {
namespace {

constexpr std::string_view kTables[] = {"file",    "columns", "series", "time",
                                        "quality", "code",    "method"};
constexpr std::string_view kColumns[] = {"meter",   "channel", "time",   "value",     "unit",
                                         "quality", "code",    "method", "multiplier"};

constexpr int kExponentMax = 18;  // of a Decimal

Error wrong(std::string_view key, std::string_view why) {
  return make_error(ErrorCode::kInvalid, fmt::format("{}: {}", key, why));
}

Result<Quality> quality_named(std::string_view key, std::string_view name) {
  for (unsigned bit = 0; bit < 16; ++bit) {
    const Quality quality{static_cast<std::uint16_t>(1u << bit)};
    if (!name.empty() && to_string(quality) == name) return quality;
  }
  if (name == "actual") return Quality{};
  return wrong(key, fmt::format("no quality is named {}", quoted(name)));
}

Status take_columns(const toml::table& table, CsvMapping& mapping) {
  for (const auto& [key, node] : table) {
    if (std::find(std::begin(kColumns), std::end(kColumns), key.str()) == std::end(kColumns))
      return wrong(fmt::format("columns.{}", key.str()), "is not known");
    if (const auto name = node.value<std::string>(); name && node.is_string())
      mapping.columns[std::string(key.str())] = *name;
    else if (const auto number = node.value<std::int64_t>(); number && *number > 0)
      mapping.columns[std::string(key.str())] = std::to_string(*number);
    else
      return wrong(fmt::format("columns.{}", key.str()), "is a column's name or its number from 1");
  }
  if (mapping.columns.contains("code") && mapping.columns.contains("method"))
    return wrong("columns", "code tells the method already: one of code and method");
  if (mapping.columns.count("time") == 0 || mapping.columns.count("value") == 0)
    return wrong("columns", "time and value are needed");
  return {};
}

Status take_time(const toml::table& table, CsvMapping& mapping) {
  mapping.time_format = table["format"].value_or(mapping.time_format);
  const bool known = mapping.time_format == "iso" || mapping.time_format == "unix";
  if (!known && (mapping.time_format.find("YYYY") == std::string::npos ||
                 mapping.time_format.find("MM") == std::string::npos ||
                 mapping.time_format.find("DD") == std::string::npos))
    return wrong("time.format", "is iso, unix or a pattern of YYYY MM DD hh mm ss");
  const std::string zone = table["zone"].value_or(std::string("UTC"));
  auto found = TimeZone::find(zone);
  if (!found.ok()) return wrong("time.zone", found.error().reason);
  mapping.zone = *found;
  const std::string label = table["label"].value_or(std::string("end"));
  if (label != "end" && label != "start") return wrong("time.label", "is end or start");
  mapping.time_is_start = label == "start";
  const std::int64_t interval = table["interval_s"].value_or(std::int64_t{0});
  if (interval < 0 || interval > 86'400) return wrong("time.interval_s", "is 1 to 86400 seconds");
  mapping.interval_s = static_cast<std::uint32_t>(interval);
  return {};
}

std::optional<std::uint8_t> method_numbered(std::string_view text) {
  const auto number = text.size() == 2 ? whole_number(text) : std::nullopt;
  if (!number || !is_nem12_method(*number)) return std::nullopt;
  return static_cast<std::uint8_t>(*number);
}

// "A", "N", and substitutes by letter and method: "S14".
std::optional<QualityCode> code_named(std::string_view text) {
  if (text == "A" || text == "N") return quality_from_nem12(text);
  const bool substitute = text.starts_with('S') || text.starts_with('E') || text.starts_with('F');
  if (!substitute || !method_numbered(text.substr(1))) return std::nullopt;
  return quality_from_nem12(text);
}

// What stands in a row, by the mapping's words, or by NEM12's own where it has none; nothing where
// nothing stands there.
template <class Words, class Own>
Result<std::optional<typename Words::mapped_type>> meant(std::string_view of, std::string_view text,
                                                         const Words& words, Own own) {
  std::optional<typename Words::mapped_type> out;
  if (const auto word = words.find(text); word != words.end()) {
    out = word->second;
  } else if (words.empty()) {
    out = own(text);
  }
  if (out || text.empty()) return out;
  if (words.empty() && of != "quality")
    return make_error(ErrorCode::kMalformed, fmt::format("{} is no {} of NEM12", quoted(text), of));
  return make_error(
      ErrorCode::kMalformed,
      fmt::format("the mapping does not tell what the {} {} means", of, quoted(text)));
}

// What a CSV's own words mean: [quality], [code], [method]. A word without a column is a mistake.
Status take_words(const toml::table& root, CsvMapping& mapping) {
  for (const std::string_view of : {"quality", "code", "method"}) {
    const toml::table* words = root[of].as_table();
    if (words == nullptr) continue;
    if (!mapping.columns.contains(of)) return wrong(of, fmt::format("columns.{} is missing", of));
    if (words->empty()) return wrong(of, "has no words");
    for (const auto& [key, node] : *words) {
      const std::string word(key.str()), name = fmt::format("{}.{}", of, word);
      const auto number = node.value<std::int64_t>();
      const std::string meaning = number ? std::to_string(*number) : node.value_or(std::string());
      if (of == "quality") {
        AMITY_TRY(mapping.qualities[word], quality_named(word, meaning));
      } else if (of == "code") {
        const auto code = code_named(meaning);
        if (!code) return wrong(name, quoted(meaning) + " is no code of NEM12, as A, S14, F16, N");
        mapping.codes[word] = *code;
      } else {
        const auto method = method_numbered(meaning);
        if (!method) return wrong(name, quoted(meaning) + " is no method of NEM12, as 14");
        mapping.methods[word] = *method;
      }
    }
  }
  return {};
}

bool take_char(const toml::node_view<const toml::node>& node, char& out) {
  const auto text = node.value<std::string>();
  if (!text) return true;
  if (text->size() != 1) return false;
  out = (*text)[0];
  return true;
}

// Also "4e+05", as statistics programs write 400000.
Result<Decimal> number_from(const std::string& text) {
  const std::size_t e = text.find_first_of("eE");
  if (e == std::string::npos) return decimal_from(text);
  const Error bad = make_error(ErrorCode::kMalformed, quoted(text) + " is no number");
  if (e == 0) return bad;
  AMITY_TRY(Decimal number, decimal_from(text.substr(0, e)));
  const bool minus = text.substr(e + 1).starts_with('-');
  const bool sign = minus || text.substr(e + 1).starts_with('+');
  const auto power = whole_number(text.substr(e + (sign ? 2 : 1)));
  if (!power || *power > 2 * kExponentMax) return bad;
  number.exponent += static_cast<int>(minus ? -*power : *power);
  if (std::abs(number.exponent) > kExponentMax) return bad;
  return number;
}

Decimal rounded(Decimal number, int decimals) {
  const int dropped = -decimals - number.exponent;
  if (dropped <= 0) return number;
  for (int i = 1; i < dropped; ++i) number.value /= 10;
  return {(number.value + (number.value < 0 ? -5 : 5)) / 10, -decimals};
}

}  // namespace

Result<CsvMapping> csv_mapping_from_toml(std::string_view text) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& e) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("line {}: {}", e.source().begin.line, e.description()));
  }
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    if (std::ranges::find(kTables, name) == std::end(kTables)) return wrong(name, "is not known");
    if (!node.is_table()) return wrong(name, "is a table");
  }
  const toml::table& root = table;
  CsvMapping mapping;
  if (!take_char(root["file"]["separator"], mapping.separator))
    return wrong("file.separator", "is one character");
  if (!take_char(root["file"]["decimal"], mapping.decimal))
    return wrong("file.decimal", "is one character");
  mapping.header = root["file"]["header"].value_or(true);
  if (!root["columns"].is_table()) return wrong("columns", "is missing");
  AMITY_CHECK(take_columns(*root["columns"].as_table(), mapping));
  const toml::table none;
  AMITY_CHECK(take_time(root["time"].is_table() ? *root["time"].as_table() : none, mapping));
  mapping.meter = root["series"]["meter"].value_or(std::string());
  mapping.channel = root["series"]["channel"].value_or(mapping.channel);
  mapping.unit = root["series"]["unit"].value_or(mapping.unit);
  if (!unit_scale_from(mapping.unit)) return wrong("series.unit", "is not known");
  mapping.multiplier = root["series"]["multiplier"].value_or(std::int64_t{1});
  if (mapping.multiplier < 1) return wrong("series.multiplier", "is 1 or more");
  if (const auto decimals = root["series"]["decimals"].value<std::int64_t>()) {
    if (*decimals < 0 || *decimals > 9) return wrong("series.decimals", "is 0 to 9");
    mapping.decimals = static_cast<int>(*decimals);
  }
  mapping.is_register = root["series"]["register"].value_or(false);
  if (!mapping.is_register && mapping.interval_s == 0)
    return wrong("time.interval_s", "is needed, but for registers (series.register = true)");
  AMITY_CHECK(take_words(root, mapping));
  return mapping;
}

CsvReader::CsvReader(SeriesSink& sink, CsvMapping mapping)
    : LineReader(sink), mapping_(std::move(mapping)) {}

bool CsvReader::find_columns(std::size_t number) {
  for (const auto& [what, name] : mapping_.columns) {
    const auto index = whole_number(name);
    std::size_t at = fields_.size();
    if (mapping_.header) {
      const auto found = std::find(fields_.begin(), fields_.end(), name);
      at = static_cast<std::size_t>(found - fields_.begin());
    }
    if (at >= fields_.size() && index && *index >= 1) at = static_cast<std::size_t>(*index - 1);
    if (at >= fields_.size()) {
      refuse(number, fmt::format("no column {} for {}: the file is not read", quoted(name), what));
      hopeless_ = true;
      return false;
    }
    places_[what] = at;
  }
  ready_ = true;
  return true;
}

Result<std::string_view> CsvReader::field(std::string_view what, std::string_view fallback) const {
  const auto place = places_.find(what);
  if (place == places_.end()) return fallback;
  if (place->second >= fields_.size())
    return make_error(ErrorCode::kMalformed,
                      fmt::format("the row has {} columns, {} is in column {}", fields_.size(),
                                  what, place->second + 1));
  return trimmed(fields_[place->second]);
}

Result<std::vector<UtcSeconds>> CsvReader::times_of(std::string_view text) const {
  const Error bad = make_error(ErrorCode::kMalformed, quoted(text) + " is no time");
  if (mapping_.time_format == "unix") {
    const auto seconds = whole_number(text);
    if (!seconds || *seconds > 32'503'680'000) return bad;
    return std::vector{UtcSeconds(*seconds)};
  }
  if (mapping_.time_format == "iso") {
    AMITY_TRY(const UtcSeconds time, from_iso(text));
    const bool told = text.find('Z') != std::string_view::npos ||
                      text.find('+') != std::string_view::npos ||
                      (text.size() > 11 && text.find('-', 11) != std::string_view::npos);
    if (told) return std::vector{time};
    const CivilTime c = civil_from_utc(time);
    return mapping_.zone.instants(c.year, c.month, c.day, c.hour, c.minute, c.second);
  }
  // A pattern: its letters take a digit each, all else stands for itself.
  std::map<char, std::string> digits;
  if (text.size() != mapping_.time_format.size()) return bad;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char want = mapping_.time_format[i];
    if (std::string_view("YMDhms").find(want) == std::string_view::npos) {
      if (text[i] != want) return bad;
    } else {
      digits[want] += text[i];
    }
  }
  for (const char part : {'h', 'm', 's'}) {
    if (digits[part].empty()) digits[part] = "00";
  }
  const auto civil = civil_from_digits(digits['Y'] + digits['M'] + digits['D'] + digits['h'] +
                                       digits['m'] + digits['s']);
  if (!civil) return bad;
  if (civil->hour == 24) {
    const auto next = instant_of(*civil, mapping_.zone);
    return next ? Result<std::vector<UtcSeconds>>(std::vector{*next}) : bad;
  }
  return mapping_.zone.instants(civil->year, civil->month, civil->day, civil->hour, civil->minute,
                                civil->second);
}

// All that is told of the value counts. A method makes it a substitute.
Status CsvReader::read_quality(SeriesValue& value) const {
  AMITY_TRY(const std::string_view quality, field("quality", ""));
  AMITY_TRY(const std::string_view code, field("code", ""));
  AMITY_TRY(const std::string_view method, field("method", ""));
  const auto of_word = [](std::string_view) { return std::optional<Quality>(); };
  AMITY_TRY(const auto said, meant("quality", quality, mapping_.qualities, of_word));
  AMITY_TRY(const auto coded, meant("code", code, mapping_.codes, code_named));
  AMITY_TRY(const auto made, meant("method", method, mapping_.methods, method_numbered));
  value.quality = said.value_or(Quality{});
  if (coded) {
    value.quality.bits = static_cast<std::uint16_t>(value.quality.bits | coded->quality.bits);
    value.method = coded->method;
  }
  if (!made) return {};
  value.method = *made;
  if (value.quality.has(QualityFlag::kEstimated) || value.quality.has(QualityFlag::kEdited))
    return {};
  if (said && !quality.empty())
    return make_error(ErrorCode::kMalformed,
                      fmt::format("the method {} is that of a substitute, the quality {} is not",
                                  quoted(method), quoted(quality)));
  value.quality = value.quality.with(QualityFlag::kEstimated);
  return {};
}

Status CsvReader::read_row(MeterSeries& series, SeriesValue& value, UnitScale& scale) const {
  AMITY_TRY(series.serial, field("meter", mapping_.meter));
  AMITY_TRY(series.name, field("channel", mapping_.channel));
  AMITY_TRY(const std::string_view unit, field("unit", mapping_.unit));
  const auto found = unit_scale_from(unit);
  if (!found) return make_error(ErrorCode::kMalformed, "no unit is named " + quoted(unit));
  scale = *found;
  series.unit = scale.unit;
  series.multiplier = mapping_.multiplier;
  AMITY_TRY(const std::string_view multiplier, field("multiplier", ""));
  if (!multiplier.empty()) {
    const auto factor = decimal_from(multiplier);
    const auto whole =
        factor.ok() ? rescale(shortest(*factor), 0) : Result<std::int64_t>(factor.error());
    if (!whole.ok() || *whole < 1)
      return make_error(ErrorCode::kMalformed, "the multiplier is " + quoted(multiplier));
    series.multiplier = *whole;
  }
  series.kind = mapping_.is_register ? ChannelKind::kRegister : ChannelKind::kInterval;
  series.interval_s = value.duration_s = mapping_.is_register ? 0 : mapping_.interval_s;
  AMITY_CHECK(read_quality(value));
  AMITY_TRY(const std::string_view text, field("value", ""));
  std::string plain(text);
  if (mapping_.decimal != '.') {
    if (plain.find('.') != std::string::npos)
      return make_error(ErrorCode::kMalformed, quoted(text) + " is no number");
    std::replace(plain.begin(), plain.end(), mapping_.decimal, '.');
  }
  AMITY_TRY(Decimal theirs, number_from(plain));
  if (mapping_.decimals) theirs = rounded(theirs, *mapping_.decimals);
  AMITY_TRY(value.value, scaled(theirs, scale));
  return {};
}

void CsvReader::on_line(std::string_view line, std::size_t number) {
  if (hopeless_ || line.empty()) return;
  if (const Status status = split_csv(line, fields_, mapping_.separator); !status.ok())
    return refuse(number, status.error().reason);
  if (!ready_) {
    if (!find_columns(number) || mapping_.header) return;
  }
  MeterSeries series;
  SeriesValue value;
  UnitScale scale;
  if (const Status status = read_row(series, value, scale); !status.ok())
    return refuse(number, status.error().reason);
  const std::string_view when = *field("time", "");
  const auto times = times_of(when);
  if (!times.ok()) return refuse(number, times.error().reason);
  if (times->empty())
    return refuse(number, fmt::format("{} is skipped by the clock of {}", quoted(when),
                                      mapping_.zone.name()));
  const std::string key = series.serial + '\x1f' + series.name;
  value.time = times->front() + (mapping_.time_is_start ? value.duration_s : 0);
  const auto last = last_.find(key);
  if (times->size() > 1 && last != last_.end() && !(last->second < value.time))
    value.time = times->back() + (mapping_.time_is_start ? value.duration_s : 0);
  if (last != last_.end())
    last->second = value.time;
  else if (last_.size() < kSeriesMax)
    last_[key] = value.time;
  if (!have_series_ || !(series == series_)) {
    series_ = series;
    have_series_ = true;
    sink_.on_series(series_, number);
  }
  sink_.on_value(value, number);
}

}  // namespace amity::exchange
