#include "exchange/cmep_reader.h"

#include <fmt/format.h>

#include <limits>

#include "exchange/digits.h"
#include "exchange/quality_codes.h"

namespace amity::exchange {
namespace {

enum Field : std::size_t {
  kRecord = 0,
  kMeter = 7,
  kPurpose = 8,
  kCommodity = 9,
  kUnits = 10,
  kConstant = 11,
  kInterval = 12,
  kCount = 13,
  kTriples = 14
};

std::string name_of(std::string_view commodity, Unit unit) {
  if (commodity == "E") {
    switch (unit) {
      case Unit::kWattHour:
        return "import";
      case Unit::kVarHour:
        return "reactive_import";
      case Unit::kVoltAmpereHour:
        return "apparent_import";
      case Unit::kWatt:
        return "power_import";
      case Unit::kVolt:
        return "voltage";
      case Unit::kAmpere:
        return "current";
      default:
        return "value";
    }
  }
  if (unit == Unit::kCubicMetre || unit == Unit::kLitre)
    return commodity == "G" ? "gas_volume" : "volume";
  return commodity == "G" ? "gas_energy" : "energy";
}

}  // namespace

void CmepReader::on_line(std::string_view line, std::size_t number) {
  if (trimmed(line).empty()) return;
  if (!split_fields(line, ',', fields_)) return refuse(number, "the record has too many fields");
  if (fields_[kRecord] != "MEPMD01") {
    return refuse(number,
                  fmt::format("the record is {}: only MEPMD01 is read", quoted(fields_[kRecord])));
  }
  if (fields_.size() < kTriples) {
    return refuse(
        number, fmt::format("a record has 14 fields and the values, this has {}", fields_.size()));
  }
  std::size_t count = 0;
  if (!read_head(number, count)) return;
  sink_.on_series(series_, number);
  read_values(number, count);
}

bool CmepReader::read_head(std::size_t number, std::size_t& count) {
  series_ = {};
  series_.serial = fields_[kMeter];
  if (series_.serial.empty()) {
    refuse(number, "the meter is missing");
    return false;
  }
  const std::string_view purpose = fields_[kPurpose];
  if (purpose != "OK" && purpose != "RESEND" && purpose != "SUMMARY" && purpose != "HISTORY") {
    refuse(number, fmt::format("the purpose {} is not that of readings", quoted(purpose)));
    return false;
  }
  if (!read_units(number) || !read_constant(number)) return false;
  const auto triples = whole_number(fields_[kCount]);
  if (!triples || fields_.size() < kTriples ||
      static_cast<std::size_t>(*triples) * 3 != fields_.size() - kTriples) {
    const bool trailing = triples &&
                          static_cast<std::size_t>(*triples) * 3 + 1 == fields_.size() - kTriples &&
                          fields_.back().empty();
    if (!trailing) {
      refuse(number, fmt::format("the count is {}, the record has {} fields of values",
                                 quoted(fields_[kCount]), fields_.size() - kTriples));
      return false;
    }
  }
  count = static_cast<std::size_t>(*triples);
  return true;
}

bool CmepReader::read_units(std::size_t number) {
  std::string_view units = fields_[kUnits];
  const bool is_register = units.size() > 3 && units.substr(units.size() - 3) == "REG";
  if (is_register) units.remove_suffix(3);
  const auto scale = unit_scale_from(units);
  if (!scale || units.empty()) {
    refuse(number, fmt::format("no unit is named {}", quoted(fields_[kUnits])));
    return false;
  }
  scale_ = *scale;
  series_.source = fields_[kUnits];
  series_.unit = scale_.unit;
  series_.name = name_of(fields_[kCommodity], scale_.unit);
  if (is_register) {
    series_.kind = ChannelKind::kRegister;
    series_.name += "_register";
    return true;
  }
  const std::string_view interval = fields_[kInterval];
  const auto digits = interval.size() == 8 ? whole_number(interval) : std::nullopt;
  if (!digits || *digits == 0 || *digits >= 1'000'000) {
    refuse(number, fmt::format("the interval {} is none of minutes, hours or days (MMDDhhmm)",
                               quoted(interval)));
    return false;
  }
  const std::int64_t days = *digits / 10'000, hours = *digits / 100 % 100, minutes = *digits % 100;
  series_.interval_s = static_cast<std::uint32_t>(days * 86'400 + hours * 3'600 + minutes * 60);
  if (series_.interval_s == 86'400) series_.name += "_daily";
  return true;
}

bool CmepReader::read_constant(std::size_t number) {
  constant_ = Decimal{1, 0};
  const std::string_view text = fields_[kConstant];
  if (text.empty()) return true;
  const auto constant = decimal_from(text);
  if (!constant.ok() || constant->value <= 0) {
    refuse(number, fmt::format("the constant is {}", quoted(text)));
    return false;
  }
  const Decimal factor = shortest(*constant);
  if (const auto whole = rescale(factor, 0); factor.exponent >= 0 && whole.ok())
    series_.multiplier = *whole;
  else
    constant_ = factor;
  return true;
}

void CmepReader::read_values(std::size_t number, std::size_t count) {
  std::optional<UtcSeconds> time;
  const std::uint32_t interval = series_.interval_s;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view when = fields_[kTriples + 3 * i], flag = fields_[kTriples + 3 * i + 1],
                           text = fields_[kTriples + 3 * i + 2];
    if (!when.empty()) {
      time = when.size() == 12 ? instant_from_digits(when, zone_) : std::nullopt;
    } else if (time && interval != 0) {
      time = *time + interval;
    } else {
      time.reset();
    }
    if (!time) {
      refuse(number, fmt::format("value {}: {} is no time YYYYMMDDhhmm of {}", i + 1, quoted(when),
                                 zone_.name()));
      continue;
    }
    const auto code = quality_from_cmep(flag);
    if (!code) {
      refuse(number, fmt::format("value {}: {} is no quality flag", i + 1, quoted(flag)));
      continue;
    }
    if (text.empty() && code->quality.has(QualityFlag::kDataInvalid)) continue;
    auto value = decimal_from(text);
    if (value.ok() && constant_ != Decimal{1, 0}) {
      value = scaled(*value, {scale_.unit, constant_.value, constant_.exponent});
    }
    const auto ours = value.ok() ? scaled(*value, scale_) : value;
    if (!ours.ok()) {
      refuse(number, fmt::format("value {}: {}", i + 1, ours.error().reason));
      continue;
    }
    sink_.on_value({*time, interval, *ours, code->quality, code->method}, number);
  }
}

}  // namespace amity::exchange
