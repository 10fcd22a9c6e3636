#include "exchange/nem12_reader.h"

#include <fmt/format.h>

#include "exchange/digits.h"

namespace amity::exchange {
namespace {

constexpr std::uint32_t kDay_s = 86'400;
constexpr std::int64_t kMinutesPerDay = 1'440;

struct Suffix {
  char letter;
  std::string_view name;
};
constexpr Suffix kSuffixes[] = {
    {'E', "import"}, {'B', "export"}, {'Q', "reactive_import"}, {'K', "reactive_export"}};

}  // namespace

std::string channel_name_from_nmi_suffix(std::string_view suffix) {
  for (const Suffix& known : kSuffixes) {
    if (suffix.size() != 2 || suffix[0] != known.letter) continue;
    return suffix[1] == '1' ? std::string(known.name) : fmt::format("{}_{}", known.name, suffix[1]);
  }
  return std::string(suffix);
}

std::string nmi_suffix_of(std::string_view name) {
  // A channel beside another of the same suffix, with intervals of its own length: "import_900s".
  const std::size_t length = name.ends_with('s') ? name.rfind('_') : std::string_view::npos;
  if (length != std::string_view::npos &&
      whole_number(name.substr(length + 1, name.size() - length - 2)))
    name = name.substr(0, length);
  for (const Suffix& known : kSuffixes) {
    if (name == known.name) return fmt::format("{}1", known.letter);
    if (name.size() == known.name.size() + 2 && name.substr(0, known.name.size()) == known.name &&
        name[known.name.size()] == '_') {
      return fmt::format("{}{}", known.letter, name.back());
    }
  }
  return name.size() == 2 ? std::string(name) : "";
}

void Nem12Reader::on_line(std::string_view line, std::size_t number) {
  if (trimmed(line).empty()) return;
  anything_ = true;
  if (!split_fields(line, ',', fields_)) return refuse(number, "the line has too many fields");
  const std::string_view record = fields_[0];
  if (record != "400") end_day();
  if (record == "100") return on_header(number);
  if (!in_block_ && record != "900") {
    note(number, "the block does not begin with a 100 record");
    in_block_ = true;
  }
  if (record == "200") return on_series(number);
  if (record == "300") return on_day(number);
  if (record == "400") return on_events(number);
  if (record == "250") return on_accumulation(number);
  if (record == "500" || record == "550") return;
  if (record == "900") {
    in_block_ = false;
    have_series_ = false;
    return;
  }
  refuse(number, fmt::format("no record of NEM12 or NEM13 begins with {}", quoted(record)));
}

void Nem12Reader::on_header(std::size_t number) {
  if (in_block_) note(number, "a 100 record where 900 should end the block before");
  in_block_ = true;
  have_series_ = false;
  if (field(1) != "NEM12" && field(1) != "NEM13")
    note(number, fmt::format("the version is {}, not NEM12 or NEM13", quoted(field(1))));
}

void Nem12Reader::on_series(std::size_t number) {
  have_series_ = false;
  if (fields_.size() < 9) {
    return refuse(number, fmt::format("a 200 record has 10 fields, this has {}", fields_.size()));
  }
  const auto scale = unit_scale_from(field(7));
  if (!scale) return refuse(number, fmt::format("no unit is named {}", quoted(field(7))));
  const auto minutes = whole_number(field(8));
  if (!minutes || *minutes < 1 || *minutes > kMinutesPerDay || kMinutesPerDay % *minutes != 0) {
    return refuse(number,
                  fmt::format("{} minutes are no interval that divides a day", quoted(field(8))));
  }
  if (field(1).empty()) return refuse(number, "the NMI is missing");
  scale_ = *scale;
  series_ = {};
  series_.point = field(1);
  series_.source = field(4).empty() ? field(3) : field(4);
  series_.name = channel_name_from_nmi_suffix(series_.source);
  series_.serial = field(6);
  series_.unit = scale_.unit;
  series_.interval_s = static_cast<std::uint32_t>(*minutes) * 60;
  have_series_ = true;
  sink_.on_series(series_, number);
}

void Nem12Reader::on_day(std::size_t number) {
  if (!have_series_) return refuse(number, "a 300 record without a valid 200 record before it");
  const auto civil = field(1).size() == 8 ? civil_from_digits(field(1)) : std::nullopt;
  const auto start = civil ? instant_of(*civil, zone_) : std::nullopt;
  if (!start) return refuse(number, fmt::format("{} is no date YYYYMMDD", quoted(field(1))));
  day_start_ = *start;
  day_line_ = number;
  const std::size_t n = kDay_s / series_.interval_s;
  day_.assign(n, {});
  if (!read_values(number)) return;
  const std::string_view quality = field(2 + n);
  day_varies_ = quality == "V";
  if (day_varies_) {
    // Each 400 record tells its own; this would be of no interval.
    if (!reason_at(3 + n, number).empty())
      note(number, "a reason beside the quality V is not kept");
  } else {
    const auto code = quality_from_nem12(quality);
    if (!code) {
      const auto more = decimal_from(quality);
      return refuse(number, more.ok() ? fmt::format("more than the {} values that {} minutes make",
                                                    n, series_.interval_s / 60)
                                      : fmt::format("{} is no quality", quoted(quality)));
    }
    const std::string reason = reason_at(3 + n, number);
    for (Interval& interval : day_) {
      interval.quality = *code;
      interval.qualified = true;
      interval.reason = reason;
    }
  }
  have_day_ = true;
}

bool Nem12Reader::read_values(std::size_t number) {
  const std::size_t n = day_.size();
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view text = field(2 + i);
    if (text.empty() && 2 + i < fields_.size()) continue;
    const auto value = decimal_from(text);
    const auto ours = value.ok() ? scaled(*value, scale_) : value;
    if (!ours.ok()) {
      if (2 + i >= fields_.size() || text == "V" || quality_from_nem12(text)) {
        refuse(number, fmt::format("the day has {} values, {} minutes make {}", i,
                                   series_.interval_s / 60, n));
      } else {
        refuse(number, fmt::format("value {}: {}", i + 1, ours.error().reason));
      }
      return false;
    }
    day_[i].value = *ours;
    day_[i].given = true;
  }
  return true;
}

void Nem12Reader::on_events(std::size_t number) {
  if (!have_day_) {
    // The day was refused, and with it what is told of it.
    if (day_line_ == 0) refuse(number, "a 400 record without a 300 record before it");
    return;
  }
  const auto from = whole_number(field(1)), to = whole_number(field(2));
  if (!from || !to || *from < 1 || *to < *from || *to > static_cast<std::int64_t>(day_.size())) {
    return refuse_day(
        fmt::format("the 400 record of line {} tells of intervals {} to {}, the day "
                    "has {}",
                    number, quoted(field(1)), quoted(field(2)), day_.size()));
  }
  const auto code = quality_from_nem12(field(3));
  if (!code) {
    return refuse_day(
        fmt::format("the 400 record of line {} has the quality {}", number, quoted(field(3))));
  }
  const std::string reason = reason_at(4, number);
  for (auto i = static_cast<std::size_t>(*from - 1); i < static_cast<std::size_t>(*to); ++i) {
    day_[i].quality = *code;
    day_[i].qualified = true;
    day_[i].reason = reason;
  }
}

// Code and description, which stand behind the quality; "" where there is none, or none that can
// be.
std::string Nem12Reader::reason_at(std::size_t field_index, std::size_t number) {
  const std::string_view code = field(field_index), text = field(field_index + 1);
  if (code.empty() && text.empty()) return {};
  if (!code.empty() && (code.size() > 3 || !whole_number(code))) {
    note(number, fmt::format("the reason code {} is not kept: it is no number of one to three "
                             "digits",
                             quoted(code)));
    return {};
  }
  if (text.size() > kReasonTextMax) {
    note(number, fmt::format("the reason {} is not kept: it has {} characters, {} are allowed",
                             quoted(text), text.size(), kReasonTextMax));
    return {};
  }
  return text.empty() ? std::string(code) : fmt::format("{},{}", code, text);
}

void Nem12Reader::refuse_day(std::string reason) {
  refuse(day_line_, "the day is left out: " + std::move(reason));
  have_day_ = false;
}

void Nem12Reader::end_day() {
  if (!have_day_) return;
  for (std::size_t i = 0; i < day_.size(); ++i) {
    if (!day_[i].qualified)
      return refuse_day(
          fmt::format("its quality is V and no 400 record tells of interval {}", i + 1));
    const bool absent = !day_[i].given;
    if (absent && !day_[i].quality.quality.has(QualityFlag::kDataInvalid))
      return refuse_day(fmt::format("interval {} has no value, and its quality is not N", i + 1));
  }
  have_day_ = false;
  for (std::size_t i = 0; i < day_.size(); ++i) {
    if (!day_[i].given) continue;  // N without a number: there is no reading
    const auto end = static_cast<std::int64_t>(i + 1) * series_.interval_s;
    sink_.on_value({day_start_ + end, series_.interval_s, day_[i].value, day_[i].quality.quality,
                    day_[i].quality.method, day_[i].reason},
                   day_line_);
  }
}

void Nem12Reader::on_accumulation(std::size_t number) {
  have_series_ = false;
  if (fields_.size() < 20) {
    return refuse(number, fmt::format("a 250 record has 23 fields, this has {}", fields_.size()));
  }
  const auto scale = unit_scale_from(field(19));
  if (!scale) return refuse(number, fmt::format("no unit is named {}", quoted(field(19))));
  if (field(1).empty()) return refuse(number, "the NMI is missing");
  const std::string_view direction = field(7);
  if (direction != "E" && direction != "I")
    return refuse(number, fmt::format("the direction is {}, not E or I", quoted(direction)));
  MeterSeries registers;
  registers.point = field(1);
  registers.source = field(4).empty() ? field(3) : field(4);
  registers.serial = field(6);
  registers.unit = scale->unit;
  const std::string name =
      fmt::format("{}_{}", direction == "E" ? "import" : "export", registers.source);
  registers.name = name + "_register";
  registers.kind = ChannelKind::kRegister;
  sink_.on_series(registers, number);
  on_register_read(field(8), field(9), field(10), *scale, number);
  on_register_read(field(13), field(14), field(15), *scale, number);

  const auto from = instant_from_digits(field(9), zone_),
             to = instant_from_digits(field(14), zone_);
  const auto code = quality_from_nem12(field(15));
  if (!from || !to || !code) return;  // told at the register
  if (!(*from < *to) || *to - *from > 0xffffffff)
    return refuse(number, "the period ends before it begins");
  const auto quantity = decimal_from(field(18));
  const auto ours = quantity.ok() ? scaled(*quantity, *scale) : quantity;
  if (!ours.ok()) return refuse(number, "the quantity: " + ours.error().reason);
  MeterSeries periods = registers;
  periods.kind = ChannelKind::kInterval;
  periods.name = name + "_period";
  sink_.on_series(periods, number);
  sink_.on_value({*to, static_cast<std::uint32_t>(*to - *from), *ours, code->quality, code->method},
                 number);
}

void Nem12Reader::on_register_read(std::string_view value, std::string_view time,
                                   std::string_view quality, const UnitScale& scale,
                                   std::size_t number) {
  const auto at = instant_from_digits(time, zone_);
  if (!at) return refuse(number, fmt::format("{} is no time YYYYMMDDhhmmss", quoted(time)));
  const auto code = quality_from_nem12(quality);
  if (!code) return refuse(number, fmt::format("{} is no quality", quoted(quality)));
  const auto read = decimal_from(value);
  const auto ours = read.ok() ? scaled(*read, scale) : read;
  if (!ours.ok()) return refuse(number, "the register: " + ours.error().reason);
  sink_.on_value({*at, 0, *ours, code->quality, code->method}, number);
}

void Nem12Reader::on_end() {
  end_day();
  if (!anything_) sink_.on_problem({1, true, "the file is empty"});
  if (in_block_) sink_.on_problem({0, false, "the file ends without a 900 record: is it whole?"});
}

}  // namespace amity::exchange
