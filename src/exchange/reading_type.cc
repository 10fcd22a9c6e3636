#include "exchange/reading_type.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace amity::exchange {
namespace {

constexpr int kForward = 1, kNet = 4, kReverse = 19;
constexpr int kElectricity = 1, kGas = 7, kWater = 9, kHeat = 13;
constexpr int kDelta = 4, kCumulative = 3, kInstantaneous = 12;
constexpr std::uint32_t kDay_s = 86'400;
constexpr std::size_t kCimFields = 18;

std::string_view flow_name(int flow) {
  if (flow == kReverse) return "export";
  return flow == kNet ? "net" : "import";
}

std::string base_name(Unit unit, const ReadingKind& kind) {
  switch (unit) {
    case Unit::kWattHour:
      return std::string(flow_name(kind.flow));
    case Unit::kVarHour:
      return fmt::format("reactive_{}", flow_name(kind.flow));
    case Unit::kVoltAmpereHour:
      return fmt::format("apparent_{}", flow_name(kind.flow));
    case Unit::kWatt:
      return fmt::format("power_{}", flow_name(kind.flow));
    case Unit::kVar:
      return fmt::format("reactive_power_{}", flow_name(kind.flow));
    case Unit::kVoltAmpere:
      return fmt::format("apparent_power_{}", flow_name(kind.flow));
    case Unit::kVolt:
      return "voltage";
    case Unit::kAmpere:
      return "current";
    case Unit::kHertz:
      return "frequency";
    case Unit::kJoule:
      return "energy";
    case Unit::kCubicMetre:
    case Unit::kLitre:
      return "volume";
    default:
      return "value";
  }
}

// Of IEC 61968-9 annex: macroPeriod 11 daily, 13 monthly, 8 billing; measuringPeriod by its length.
struct Period {
  int code;
  std::uint32_t interval_s;
};
constexpr Period kPeriods[] = {{2, 900}, {5, 1'800}, {7, 3'600}, {6, 300},
                               {3, 60},  {1, 600},   {4, kDay_s}};
constexpr int kMacroDaily = 11;

}  // namespace

Result<MeterSeries> series_of(const ReadingKind& kind, UnitScale& scale) {
  const auto unit = unit_scale_from_symbol_code(kind.symbol);
  if (!unit) {
    return make_error(ErrorCode::kUnsupported,
                      fmt::format("the unit with the number {} is not known", kind.symbol));
  }
  if (kind.power_of_ten < -12 || kind.power_of_ten > 12)
    return make_error(ErrorCode::kMalformed,
                      fmt::format("10^{} is no multiplier", kind.power_of_ten));
  scale = *unit;
  scale.exponent += kind.power_of_ten;
  MeterSeries series;
  series.unit = scale.unit;
  series.name = base_name(scale.unit, kind);
  if (kind.accumulation >= 1 && kind.accumulation <= 3) {
    series.kind = ChannelKind::kRegister;
    series.name += "_register";
    return series;
  }
  series.interval_s = kind.interval_s > kDay_s ? 0 : kind.interval_s;
  if (kind.interval_s == kDay_s) series.name += "_daily";
  if (kind.interval_s > kDay_s) series.name += "_billing";
  return series;
}

Result<ReadingKind> kind_of(const MeterSeries& series) {
  const auto symbol_code = symbol_code_of(series.unit);
  if (!symbol_code) {
    return make_error(
        ErrorCode::kUnsupported,
        fmt::format("the unit '{}' has no number in this format", symbol(series.unit)));
  }
  ReadingKind kind;
  kind.symbol = *symbol_code;
  kind.interval_s = series.interval_s;
  const bool counted = series.unit == Unit::kWattHour || series.unit == Unit::kVarHour ||
                       series.unit == Unit::kVoltAmpereHour || series.unit == Unit::kJoule ||
                       series.unit == Unit::kCubicMetre || series.unit == Unit::kLitre;
  kind.accumulation = series.kind == ChannelKind::kRegister ? kCumulative
                      : counted                             ? kDelta
                                                            : kInstantaneous;
  const auto has = [&](std::string_view word) {
    return series.name.find(word) != std::string::npos;
  };
  kind.flow = has("export") ? kReverse : has("import") ? kForward : has("net") ? kNet : 0;
  kind.commodity = kElectricity;
  if (series.unit == Unit::kJoule) kind.commodity = has("gas") ? kGas : kHeat;
  if (series.unit == Unit::kCubicMetre || series.unit == Unit::kLitre)
    kind.commodity = has("gas") ? kGas : kWater;
  return kind;
}

Result<ReadingKind> kind_from_cim(std::string_view text) {
  std::array<int, kCimFields> fields{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < kCimFields; ++i) {
    const auto [end, error] =
        std::from_chars(text.data() + at, text.data() + text.size(), fields[i]);
    at = static_cast<std::size_t>(end - text.data());
    const bool last = i + 1 == kCimFields;
    if (error != std::errc() || (last ? at != text.size() : at >= text.size() || text[at] != '.'))
      return make_error(ErrorCode::kMalformed,
                        fmt::format("{} has not the 18 numbers of a ReadingType", quoted(text)));
    ++at;
  }
  ReadingKind kind;
  kind.accumulation = fields[3];
  kind.flow = fields[4];
  kind.commodity = fields[5];
  kind.power_of_ten = fields[15];
  kind.symbol = fields[16];
  for (const Period& period : kPeriods) {
    if (period.code == fields[2]) kind.interval_s = period.interval_s;
  }
  if (kind.interval_s == 0 && fields[0] == kMacroDaily) kind.interval_s = kDay_s;
  return kind;
}

std::string cim_reading_type(const ReadingKind& kind) {
  int measuring = 0;
  for (const Period& period : kPeriods) {
    if (period.interval_s == kind.interval_s) measuring = period.code;
  }
  const int macro = kind.interval_s == kDay_s ? kMacroDaily : 0;
  const bool energy =
      kind.symbol == 71 || kind.symbol == 72 || kind.symbol == 73 || kind.symbol == 31;
  const int quantity = energy ? 12 : kind.symbol == 42 || kind.symbol == 134 ? 58 : 0;
  return fmt::format("{}.0.{}.{}.{}.{}.{}.0.0.0.0.0.0.0.0.{}.{}.0", macro, measuring,
                     kind.accumulation, kind.flow, kind.commodity, quantity, kind.power_of_ten,
                     kind.symbol);
}

}  // namespace amity::exchange
