#include "wire/iec62056_21/readout.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/civil.h"
#include "wire/obis/quantity.h"

namespace amity::iec62056_21 {
namespace {

using wire::MeterTime;
using wire::Reading;
using wire::Report;

constexpr std::int64_t kSecondsPerMinute = 60;
constexpr std::uint8_t kErrors = 97, kGeneral = 96, kServices = 96;

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

// 0.9.1 hhmmss and 0.9.2 YYMMDD, each with or without separators and a season digit in front.
bool read_clock(const dlms::Obis& obis, std::string_view text, Report& report) {
  if (obis.c() != 0 || obis.d() != 9 || obis.e() < 1 || obis.e() > 2) return false;
  std::string digits = digits_of(text);
  if (digits.size() == 7) digits.erase(0, 1);
  if (digits.size() == 4) digits += "00";
  if (digits.size() != 6) return false;
  const auto two = [&](std::size_t at) {
    return static_cast<std::uint8_t>((digits[at] - '0') * 10 + digits[at + 1] - '0');
  };
  MeterTime& time = report.time;
  if (obis.e() == 1) {
    if (two(0) > 24 || two(2) > 59 || two(4) > 59) return false;
    time.hour = two(0);
    time.minute = two(2);
    time.second = two(4);
    report.details.emplace_back(
        "time_of_day", fmt::format("{:02}:{:02}:{:02}", time.hour, time.minute, time.second));
  } else {
    if (two(2) < 1 || two(2) > 12 || two(4) < 1 || two(4) > 31) return false;
    time.year = static_cast<std::int16_t>(2000 + two(0));
    time.month = two(2);
    time.day = two(4);
  }
  return true;
}

bool read_identity(const dlms::Obis& obis, std::string_view text, Report& report) {
  const bool serial = obis.c() == 0 && obis.d() == 0 && obis.e() == 0;
  const bool made = obis.c() == kGeneral && obis.d() == 1 && obis.e() <= 1;
  if (!serial && !made) return false;
  if (report.meter.id.empty()) {
    report.meter.id = text;
  } else {
    report.details.emplace_back(serial ? "property_number" : "manufacturing_number", text);
  }
  return true;
}

bool read_error_code(const dlms::Obis& obis, const DataSet& set, Report& report) {
  if (obis.c() != kErrors || obis.d() != kErrors) return false;
  std::uint64_t code = 0;
  for (const char c : set.group(0).text) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
    if (!hex || code >> 60 != 0) return false;
    code = code << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'A' + 10);
  }
  if (code != 0)
    report.events.push_back(
        {static_cast<std::int64_t>(code), "meter error", {}, std::string(set.address)});
  return true;
}

void read_set(const DataSet& set, Report& report) {
  const auto obis = parse_address(set.address);
  const std::string_view text = set.count > 0 ? set.group(0).text : std::string_view{};
  if (obis && (read_identity(*obis, text, report) || read_clock(*obis, text, report) ||
               (set.count > 0 && read_error_code(*obis, set, report)))) {
    return;
  }
  if (set.count == 0) {
    report.unknown.push_back({set.offset, std::string(set.address), ""});
    return;
  }
  Reading& reading = report.readings.emplace_back();
  reading.id = set.address;
  obis::Quantity quantity;
  if (obis) {
    quantity = obis::quantity_of(*obis);
    const bool own_medium = obis->c() < kServices;
    if (!own_medium) quantity = {};
    if (!quantity.kind.empty()) reading.tariff = obis->e();
    if (obis->f() < 100) reading.storage = obis->f();
    if (report.meter.medium.empty() && own_medium) report.meter.medium = obis::medium_of(*obis);
  }
  reading.quantity = quantity.name;
  reading.kind = quantity.kind;
  // A maximum may be followed, an old one preceded, by its time.
  std::size_t value = 0;
  for (std::size_t i = 0; i < set.count; ++i) {
    const auto time = set.count > 1 ? parse_time(set.group(i).text) : std::nullopt;
    if (time && set.group(i).unit.empty()) {
      reading.time = *time;
      if (i == 0) value = 1;
    }
  }
  set_value(set.group(value), quantity.unit, reading);
}

// The groups of a profile, one after the other, whatever stands between them.
class GroupReader {
 public:
  explicit GroupReader(std::string_view text) : text_(text) {}
  std::size_t position() const { return at_; }
  // What stands before the next group, without line ends.
  std::string_view address() {
    while (at_ < text_.size() && (text_[at_] == '\r' || text_[at_] == '\n' || text_[at_] == ' '))
      ++at_;
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '(' && text_[at_] != '\r' && text_[at_] != '\n' &&
           text_[at_] != '!')
      ++at_;
    return text_.substr(start, at_ - start);
  }
  bool at_group() const { return at_ < text_.size() && text_[at_] == '('; }
  bool at_end() const { return at_ >= text_.size() || text_[at_] == '!'; }
  Result<std::string_view> group() {
    if (!at_group()) return make_error(ErrorCode::kMalformed, "'(' expected", at_);
    const std::size_t end = text_.find_first_of("()", at_ + 1);
    if (end == std::string_view::npos)
      return make_error(ErrorCode::kTruncated, "')' is missing", text_.size());
    if (text_[end] == '(') return make_error(ErrorCode::kMalformed, "')' is missing", end);
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return inside;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

Result<int> small_number(std::string_view text, int most, const char* what, std::size_t offset) {
  const auto number = all_digits(text) ? parse_number(text) : std::nullopt;
  if (!number || number->value < 1 || number->value > most)
    return make_error(ErrorCode::kMalformed, fmt::format("{} is '{}'", what, text), offset);
  return static_cast<int>(number->value);
}

Result<ProfileBlock> read_header(GroupReader& reader, std::string_view address) {
  constexpr int kMinutesMax = 24 * 60;
  ProfileBlock block;
  block.address = address;
  const std::size_t start = reader.position();
  AMITY_TRY(const std::string_view time, reader.group());
  const auto parsed = parse_time(time);
  if (!parsed) return make_error(ErrorCode::kMalformed, "the header's time", start);
  block.time = *parsed;
  AMITY_TRY(const std::string_view status, reader.group());
  block.status = status;
  AMITY_TRY(const std::string_view period, reader.group());
  AMITY_TRY(block.period_minutes, small_number(period, kMinutesMax, "the period", start));
  AMITY_TRY(const std::string_view count, reader.group());
  AMITY_TRY(const int columns, small_number(count, static_cast<int>(kProfileColumnsMax),
                                            "the number of columns", start));
  for (int i = 0; i < columns; ++i) {
    AMITY_TRY(const std::string_view name, reader.group());
    AMITY_TRY(const std::string_view unit, reader.group());
    block.columns.push_back({std::string(name), std::string(unit)});
  }
  return block;
}

}  // namespace

void note_identification(const Identification& identification, Report& report) {
  report.meter.manufacturer = identification.manufacturer;
  report.meter.model = identification.text;
}

Status read_data(std::string_view data, Report& report) {
  report.protocol = "iec62056-21";
  DataReader reader(data);
  DataSet set;
  while (true) {
    AMITY_TRY(const bool more, reader.next(set));
    if (!more) break;
    read_set(set, report);
  }
  if (report.time.year != 0) {
    const bool clock = std::any_of(report.details.begin(), report.details.end(),
                                   [](const auto& d) { return d.first == "time_of_day"; });
    report.time.precision = clock ? MeterTime::Precision::kSecond : MeterTime::Precision::kDay;
  }
  return {};
}

Result<std::vector<ProfileBlock>> parse_profile(std::string_view data) {
  std::vector<ProfileBlock> blocks;
  std::size_t rows = 0;
  GroupReader reader(data);
  while (true) {
    const std::string_view address = reader.address();
    if (reader.at_end() && address.empty()) return blocks;
    if (!address.empty()) {
      AMITY_TRY(ProfileBlock block, read_header(reader, address));
      blocks.push_back(std::move(block));
      continue;
    }
    if (blocks.empty())
      return make_error(ErrorCode::kMalformed, "values before a header", reader.position());
    if (++rows > kProfileRowsMax)
      return make_error(ErrorCode::kLimit, "too many rows", reader.position());
    std::vector<std::string>& row = blocks.back().rows.emplace_back();
    for (std::size_t i = 0; i < blocks.back().columns.size(); ++i) {
      if (i > 0 && !reader.address().empty())
        return make_error(ErrorCode::kMalformed, "a row without all its values", reader.position());
      AMITY_TRY(const std::string_view cell, reader.group());
      row.emplace_back(cell);
    }
  }
}

MeterTime row_time(const ProfileBlock& block, std::size_t row) {
  const MeterTime& t = block.time;
  const UtcSeconds first = utc_from_civil(t.year, t.month, t.day, t.hour, t.minute, t.second);
  const std::int64_t later_s =
      static_cast<std::int64_t>(row) * block.period_minutes * kSecondsPerMinute;
  MeterTime time = wire::to_meter_time(civil_from_utc(first + later_s));
  time.precision = t.precision;
  time.daylight_saving = t.daylight_saving;
  time.utc_offset_minutes = t.utc_offset_minutes;
  return time;
}

void append_profile(const std::vector<ProfileBlock>& profile, Report& report) {
  for (const ProfileBlock& block : profile) {
    for (std::size_t row = 0; row < block.rows.size(); ++row) {
      const MeterTime time = row_time(block, row);
      for (std::size_t i = 0; i < block.columns.size(); ++i) {
        const std::string& cell = block.rows[row][i];
        if (cell.empty()) continue;
        const auto obis = parse_address(block.columns[i].address);
        const obis::Quantity quantity = obis ? obis::quantity_of(*obis) : obis::Quantity{};
        Reading& reading = report.readings.emplace_back();
        reading.quantity = quantity.name;
        reading.kind = quantity.kind;
        reading.id = block.columns[i].address;
        set_value({cell, cell, block.columns[i].unit}, quantity.unit, reading);
        reading.time = time;
        if (row == 0 && block.status.find_first_not_of('0') != std::string::npos)
          reading.note += (reading.note.empty() ? "status " : ", status ") + block.status;
      }
    }
  }
}

}  // namespace amity::iec62056_21
