// CMEP out: MEPMD01 records of at most a day of quarter hours each, times in GMT.
#include <fmt/format.h>

#include "exchange/quality_codes.h"
#include "exchange/writers.h"

namespace amity::exchange {
namespace {

constexpr std::size_t kTriplesPerRecord = 96;

struct CmepUnit {
  Unit unit;
  std::string_view name;
  char commodity;
  int exponent;
};
constexpr CmepUnit kUnits[] = {{Unit::kWattHour, "KWH", 'E', 3},
                               {Unit::kVarHour, "KVARH", 'E', 3},
                               {Unit::kVoltAmpereHour, "KVAH", 'E', 3},
                               {Unit::kCubicMetre, "M3", 'W', 0}};

class CmepWriter : public SeriesWriter {
 public:
  explicit CmepWriter(const WriteOptions& options) : options_(options) {}

  Status begin_series(const MeterSeries& series, std::string& out) override {
    end_record(out);
    unit_ = nullptr;
    for (const CmepUnit& known : kUnits) {
      if (known.unit == series.unit) unit_ = &known;
    }
    const bool is_register = series.kind == ChannelKind::kRegister;
    const bool export_ = series.name.find("export") != std::string::npos;
    if (unit_ == nullptr || export_) {
      unit_ = nullptr;
      return make_error(ErrorCode::kUnsupported,
                        "CMEP is written of delivered energy and of volumes alone");
    }
    if (!is_register && (series.interval_s == 0 || series.interval_s % 60 != 0)) {
      unit_ = nullptr;
      return make_error(ErrorCode::kUnsupported, "CMEP has intervals of whole minutes");
    }
    const std::string& meter = series.serial.empty() ? series.point : series.serial;
    if (meter.find_first_of(",\r\n") != std::string::npos) {
      unit_ = nullptr;
      return make_error(ErrorCode::kUnsupported, quoted(meter) + " holds what CMEP cannot");
    }
    const std::uint32_t minutes = series.interval_s / 60;
    head_ =
        fmt::format("MEPMD01,19970819,{},,{},,{},{},OK,{},{}{},{},{:04}{:02}{:02}", options_.sender,
                    options_.receiver, minute_digits(civil_from_utc(options_.created)), meter,
                    series.name.substr(0, 3) == "gas" ? 'G' : unit_->commodity, unit_->name,
                    is_register ? "REG" : "", series.multiplier, is_register ? 0 : minutes / 1'440,
                    is_register ? 0 : minutes / 60 % 24, is_register ? 0 : minutes % 60);
    return {};
  }

  Status value(const SeriesValue& value, std::string& out) override {
    if (unit_ == nullptr) return {};
    if (value.time.value % 60 != 0)
      return make_error(ErrorCode::kUnsupported, to_iso(value.time) + " is not a whole minute");
    Decimal theirs = value.value;
    theirs.exponent -= unit_->exponent;
    triples_ += fmt::format(",{},{},{}", minute_digits(civil_from_utc(value.time)),
                            cmep_quality({value.quality, value.method}), to_string(theirs));
    if (++count_ == kTriplesPerRecord) end_record(out);
    return {};
  }

  Status finish(std::string& out) override {
    end_record(out);
    return {};
  }

 private:
  void end_record(std::string& out) {
    if (count_ > 0) out += fmt::format("{},{}{}\r\n", head_, count_, triples_);
    count_ = 0;
    triples_.clear();
  }

  WriteOptions options_;
  const CmepUnit* unit_ = nullptr;
  std::string head_, triples_;
  std::size_t count_ = 0;
};

}  // namespace

std::unique_ptr<SeriesWriter> make_cmep_writer(const WriteOptions& options) {
  return std::make_unique<CmepWriter>(options);
}

}  // namespace amity::exchange
