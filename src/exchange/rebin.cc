#include "exchange/rebin.h"

#include <fmt/format.h>

#include <algorithm>

namespace amity::exchange {
namespace {

constexpr std::uint32_t kHour_s = 3'600, kDay_s = 86'400;
constexpr int kDecimalsMax = 9;

bool adds_up(Unit unit) {
  return unit == Unit::kWattHour || unit == Unit::kVarHour || unit == Unit::kVoltAmpereHour ||
         unit == Unit::kCubicMetre || unit == Unit::kLitre || unit == Unit::kJoule;
}

class Rebinned : public SeriesWriter {
 public:
  Rebinned(std::unique_ptr<SeriesWriter> writer, const BinOptions& options)
      : writer_(std::move(writer)), options_(options) {}

  Status begin_series(const MeterSeries& series, std::string& out) override {
    const Status before = end_bin(out);
    open_ = false;
    AMITY_CHECK(before);
    if (series.kind != ChannelKind::kInterval || !adds_up(series.unit))
      return make_error(ErrorCode::kUnsupported, "intervals that add up alone are summed");
    const std::uint32_t length = length_of(options_.bins);
    if (series.interval_s == 0 || length % series.interval_s != 0)
      return make_error(
          ErrorCode::kUnsupported,
          fmt::format("intervals of {} s do not fit into those asked for", series.interval_s));
    MeterSeries longer = series;
    longer.interval_s = options_.bins == Bins::kBilling ? 0 : length;
    AMITY_CHECK(writer_->begin_series(longer, out));
    open_ = true;
    return {};
  }

  Status value(const SeriesValue& value, std::string& out) override {
    if (!open_) return {};
    const auto [from, to] = bin_of(value.time - 1);
    if (value.time - value.duration_s < from)
      return make_error(
          ErrorCode::kUnsupported,
          to_iso(value.time) + " ends an interval that lies in two of those asked for");
    if (filled_s_ > 0 && to != to_) AMITY_CHECK(end_bin(out));
    from_ = from;
    to_ = to;
    return add(value);
  }

  Status finish(std::string& out) override {
    const Status last = end_bin(out);
    const Status end = writer_->finish(out);
    return last.ok() ? end : last;
  }

 private:
  // The longest that one is made of: what any of its parts must divide.
  static std::uint32_t length_of(Bins bins) {
    return bins == Bins::kQuarterHour ? 900 : bins == Bins::kHour ? kHour_s : kDay_s;
  }

  std::pair<UtcSeconds, UtcSeconds> bin_of(UtcSeconds inside) const {
    if (options_.bins < Bins::kDay) {
      const std::int64_t length = length_of(options_.bins), n = inside.value / length;
      return {UtcSeconds(n * length), UtcSeconds((n + 1) * length)};
    }
    if (options_.bins == Bins::kDay) {
      const UtcSeconds start = options_.zone.start_of_day(inside);
      return {start, options_.zone.start_of_day(start + 36 * std::int64_t{kHour_s})};
    }
    const CivilTime c = options_.zone.local(inside);
    const int month = c.year * 12 + c.month - 1 - (c.day < options_.bill_day ? 1 : 0);
    return {start_of(month), start_of(month + 1)};
  }

  UtcSeconds start_of(int month) const {
    const auto noon =
        options_.zone.instants(month / 12, month % 12 + 1, options_.bill_day, 12, 0, 0);
    return options_.zone.start_of_day(noon.front());
  }

  Status add(const SeriesValue& value) {
    const Decimal& v = value.value;
    if (v.exponent > kDecimalsMax || v.exponent < -kDecimalsMax)
      return make_error(ErrorCode::kUnsupported,
                        to_string(v) + " has too many digits to be summed");
    if (filled_s_ == 0) exponent_ = v.exponent;
    if (v.exponent < exponent_) {
      for (; exponent_ > v.exponent; --exponent_) sum_ *= 10;
    }
    __int128 scaled = v.value;
    for (int e = v.exponent; e > exponent_; --e) scaled *= 10;
    sum_ += scaled;
    filled_s_ += value.duration_s;
    quality_.bits = static_cast<std::uint16_t>(quality_.bits | value.quality.bits);
    if (value.method != 0) {
      mixed_ = mixed_ || (method_ != 0 && method_ != value.method);
      method_ = value.method;
    }
    if (!value.reason.empty()) {
      reasons_differ_ = reasons_differ_ || (!reason_.empty() && reason_ != value.reason);
      reason_ = value.reason;
    }
    return {};
  }

  Status end_bin(std::string& out) {
    if (filled_s_ == 0) return {};
    SeriesValue made;
    made.time = to_;
    made.duration_s = static_cast<std::uint32_t>(to_ - from_);
    made.quality = filled_s_ < made.duration_s ? quality_.with(QualityFlag::kPartial) : quality_;
    made.method = mixed_ ? std::uint8_t{0} : method_;
    if (!reasons_differ_) made.reason = std::move(reason_);
    const __int128 sum = sum_;
    made.value = {static_cast<std::int64_t>(sum), exponent_};
    sum_ = 0;
    filled_s_ = 0;
    quality_ = {};
    method_ = 0;
    reason_.clear();
    mixed_ = reasons_differ_ = false;
    if (sum > INT64_MAX || sum < INT64_MIN)
      return make_error(ErrorCode::kLimit,
                        "the sum up to " + to_iso(made.time) + " is no measurement");
    return writer_->value(made, out);
  }

  std::unique_ptr<SeriesWriter> writer_;
  BinOptions options_;
  bool open_ = false, mixed_ = false, reasons_differ_ = false;
  UtcSeconds from_, to_;
  std::uint32_t filled_s_ = 0;
  __int128 sum_ = 0;
  int exponent_ = 0;
  Quality quality_;
  std::uint8_t method_ = 0;
  std::string reason_;
};

}  // namespace

std::optional<Bins> bins_from(std::string_view name) {
  constexpr std::string_view kNames[] = {"15min", "1h", "1d", "billing"};
  const auto at = std::ranges::find(kNames, name);
  if (at == std::end(kNames)) return std::nullopt;
  return static_cast<Bins>(at - kNames);
}

std::unique_ptr<SeriesWriter> make_rebinned(std::unique_ptr<SeriesWriter> writer,
                                            const BinOptions& options) {
  return std::make_unique<Rebinned>(std::move(writer), options);
}

}  // namespace amity::exchange
