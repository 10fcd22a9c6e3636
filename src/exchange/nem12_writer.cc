// NEM12 out: intervals of 5, 15 or 30 minutes, a 300 record a market day; missing intervals are N.
#include <fmt/format.h>

#include <vector>

#include "exchange/nem12_reader.h"
#include "exchange/writers.h"

namespace amity::exchange {
namespace {

constexpr std::int64_t kDay_s = 86'400;

struct MarketUnit {
  Unit unit;
  std::string_view name;
};
constexpr MarketUnit kUnits[] = {
    {Unit::kWattHour, "kWh"}, {Unit::kVarHour, "kvarh"}, {Unit::kVoltAmpereHour, "kVAh"}};

class Nem12Writer : public SeriesWriter {
 public:
  explicit Nem12Writer(const WriteOptions& options) : options_(options) {}

  Status begin_series(const MeterSeries& series, std::string& out) override;
  Status value(const SeriesValue& value, std::string& out) override;
  Status finish(std::string& out) override {
    end_day(out);
    begin_file(out);
    out += "900\n";
    return {};
  }

 private:
  struct Interval {
    Decimal value;
    std::string quality = "N";
    std::string reason;
    bool told_as(const Interval& other) const {
      return quality == other.quality && reason == other.reason;
    }
  };
  void begin_file(std::string& out);
  void end_day(std::string& out);
  // Quality, code and description of the reason: three fields.
  static std::string told(const Interval& interval) {
    const bool described = interval.reason.find(',') != std::string::npos;
    return fmt::format("{},{}{}", interval.quality, interval.reason, described ? "" : ",");
  }
  static std::string number(Decimal value) {
    value.exponent -= 3;
    return to_string(value);
  }

  WriteOptions options_;
  bool begun_ = false, have_day_ = false;
  std::uint32_t interval_s_ = 0;
  UtcSeconds day_start_;
  std::vector<Interval> day_;
};

void Nem12Writer::begin_file(std::string& out) {
  if (begun_) return;
  begun_ = true;
  out += fmt::format("100,NEM12,{},{},{}\n",
                     minute_digits(options_.market_zone.local(options_.created)), options_.sender,
                     options_.receiver);
}

Status Nem12Writer::begin_series(const MeterSeries& series, std::string& out) {
  end_day(out);
  interval_s_ = 0;
  std::string_view unit;
  for (const MarketUnit& known : kUnits) {
    if (known.unit == series.unit) unit = known.name;
  }
  const std::string suffix = nmi_suffix_of(series.name);
  if (series.kind != ChannelKind::kInterval || unit.empty() || suffix.empty())
    return make_error(ErrorCode::kUnsupported,
                      "NEM12 holds intervals of energy alone, of import, "
                      "export and their reactive twins");
  if (series.interval_s != 300 && series.interval_s != 900 && series.interval_s != 1'800)
    return make_error(
        ErrorCode::kUnsupported,
        fmt::format("NEM12 has intervals of 5, 15 and 30 minutes, not of {} s", series.interval_s));
  const std::string& point = series.point.empty() ? series.serial : series.point;
  for (const std::string* text : {&point, &series.serial}) {
    if (text->find_first_of(",\r\n") != std::string::npos)
      return make_error(ErrorCode::kUnsupported, quoted(*text) + " holds what NEM12 cannot");
  }
  begin_file(out);
  interval_s_ = series.interval_s;
  out += fmt::format("200,{},{},{},{},,{},{},{},\n", point, suffix, suffix, suffix, series.serial,
                     unit, interval_s_ / 60);
  return {};
}

Status Nem12Writer::value(const SeriesValue& value, std::string& out) {
  if (interval_s_ == 0) return {};  // its series was refused
  const UtcSeconds start = options_.market_zone.start_of_day(value.time - 1);
  if (have_day_ && start != day_start_) end_day(out);
  if (!have_day_) {
    day_start_ = start;
    day_.assign(static_cast<std::size_t>(kDay_s / interval_s_), {});
    have_day_ = true;
  }
  const std::int64_t since = value.time - start;
  if (since > kDay_s || since % interval_s_ != 0 || value.duration_s != interval_s_)
    return make_error(ErrorCode::kUnsupported,
                      to_iso(value.time) + " is not on the day's grid of intervals");
  day_[static_cast<std::size_t>(since / interval_s_ - 1)] = {
      value.value, nem12_quality({value.quality, value.method}), value.reason};
  return {};
}

void Nem12Writer::end_day(std::string& out) {
  if (!have_day_) return;
  have_day_ = false;
  const CivilTime date = options_.market_zone.local(day_start_);
  out += fmt::format("300,{:04}{:02}{:02}", date.year, date.month, date.day);
  bool varies = false;
  for (const Interval& interval : day_) {
    out += ',' + number(interval.value);
    varies = varies || !interval.told_as(day_[0]);
  }
  const std::string stamp = minute_digits(options_.market_zone.local(options_.created)) + "00";
  out += fmt::format(",{},{},\n", varies ? "V,," : told(day_[0]), stamp);
  for (std::size_t from = 0; varies && from < day_.size();) {
    std::size_t to = from;
    while (to + 1 < day_.size() && day_[to + 1].told_as(day_[from])) ++to;
    out += fmt::format("400,{},{},{}\n", from + 1, to + 1, told(day_[from]));
    from = to + 1;
  }
}

}  // namespace

std::unique_ptr<SeriesWriter> make_nem12_writer(const WriteOptions& options) {
  return std::make_unique<Nem12Writer>(options);
}

}  // namespace amity::exchange
