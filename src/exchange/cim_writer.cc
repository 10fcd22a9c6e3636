// IEC 61968-9 MeterReadings out: a MeterReading for each series, values with the end of their
// interval as time; energy in 10^3 (kWh).
#include <fmt/format.h>

#include "exchange/quality_codes.h"
#include "exchange/reading_type.h"
#include "exchange/writers.h"

namespace amity::exchange {
namespace {

class CimWriter : public SeriesWriter {
 public:
  Status begin_series(const MeterSeries& series, std::string& out) override {
    end_series(out);
    begin_file(out);
    AMITY_TRY(ReadingKind kind, kind_of(series));
    const bool energy = series.unit == Unit::kWattHour || series.unit == Unit::kVarHour ||
                        series.unit == Unit::kVoltAmpereHour;
    kind.power_of_ten = power_ = energy ? 3 : 0;
    type_ = cim_reading_type(kind);
    interval_ = series.kind == ChannelKind::kInterval;
    if (const auto back = kind_from_cim(type_);
        interval_ &&
        (!back.ok() || back->interval_s != series.interval_s || series.interval_s == 0))
      return make_error(ErrorCode::kUnsupported,
                        fmt::format("a ReadingType has no intervals of {} s", series.interval_s));
    out += "<MeterReading>";
    if (!series.serial.empty())
      out +=
          fmt::format("<Meter><Names><name>{}</name></Names></Meter>", xml_escaped(series.serial));
    if (!series.point.empty())
      out += fmt::format("<UsagePoint><Names><name>{}</name></Names></UsagePoint>",
                         xml_escaped(series.point));
    out += interval_ ? "<IntervalBlocks>\n" : "\n";
    open_ = true;
    return {};
  }

  Status value(const SeriesValue& value, std::string& out) override {
    if (!open_) return {};
    Decimal theirs = value.value;
    theirs.exponent -= power_;
    const std::string_view quality = cim_quality({value.quality, value.method});
    const std::string_view element = interval_ ? "IntervalReadings" : "Readings";
    out += fmt::format("<{}><timeStamp>{}</timeStamp><value>{}</value>", element,
                       to_iso(value.time), to_string(theirs));
    if (value.quality.bits != 0)
      out += fmt::format("<ReadingQualities><ReadingQualityType ref=\"{}\"/></ReadingQualities>",
                         quality);
    if (!interval_) out += fmt::format("<ReadingType ref=\"{}\"/>", type_);
    out += fmt::format("</{}>\n", element);
    return {};
  }

  Status finish(std::string& out) override {
    end_series(out);
    begin_file(out);
    out += "</MeterReadings>\n";
    return {};
  }

 private:
  void begin_file(std::string& out) {
    if (!std::exchange(begun_, true))
      out +=
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MeterReadings "
          "xmlns=\"http://iec.ch/TC57/2011/MeterReadings#\">\n";
  }
  void end_series(std::string& out) {
    if (!std::exchange(open_, false)) return;
    if (interval_) out += fmt::format("<ReadingType ref=\"{}\"/></IntervalBlocks>", type_);
    out += "</MeterReading>\n";
  }

  bool begun_ = false, open_ = false, interval_ = false;
  int power_ = 0;
  std::string type_;
};

}  // namespace

std::unique_ptr<SeriesWriter> make_cim_writer(const WriteOptions&) {
  return std::make_unique<CimWriter>();
}

}  // namespace amity::exchange
