#include "world/iec_meter.h"

#include <fmt/format.h>

#include "wire/iec62056_21/data_set.h"
#include "world/limits.h"

namespace amity::world {
namespace {

std::string stamp_of(const CivilTime& c) {
  return fmt::format("{:02}{:02}{:02}{:02}{:02}", c.year % 100, c.month, c.day, c.hour, c.minute);
}

std::string kwh(std::int64_t wh) {
  return fmt::format("{:06}.{:03}*kWh", wh / 1'000, wh % 1'000);
}

}  // namespace

iec62056_21::ServerConfig IecMeter::server() const {
  iec62056_21::ServerConfig config;
  config.address = meter_.serial();
  config.identification = {std::string(meter_.model().flag), '5', {}, "IX7-C"};
  return config;
}

std::string IecMeter::readout() {
  const CivilTime c = zone_.local(meter_.meter_time());
  const Totals offset = meter_.register_offset(), totals = meter_.totals_at(meter_.true_time());
  std::string out = "F.F(00000000)\r\n";
  out += fmt::format("0.0.0({})\r\n", meter_.serial());
  out += fmt::format("0.9.1({:02}{:02}{:02})\r\n", c.hour, c.minute, c.second);
  out += fmt::format("0.9.2({:02}{:02}{:02})\r\n", c.year % 100, c.month, c.day);
  out += fmt::format("1.8.0({})\r\n", kwh(offset.import_wh + totals.import_wh));
  out += fmt::format("2.8.0({})\r\n", kwh(offset.export_wh + totals.export_wh));
  return out;
}

// Of a repeated hour the first instant where a range begins, the second where it ends.
std::optional<UtcSeconds> IecMeter::instant_of(std::string_view stamp, bool last) const {
  const auto time = iec62056_21::parse_time(stamp);
  if (!time) return std::nullopt;
  const auto found =
      zone_.instants(time->year, time->month, time->day, time->hour, time->minute, 0);
  if (found.empty()) return std::nullopt;
  return last ? found.back() : found.front();
}

// A header stands where the series begins, breaks, or the wall clock jumps; a status of zeros.
std::optional<std::string> IecMeter::read(char, std::string_view request) {
  const std::size_t open = request.find('('), semicolon = request.find(';'),
                    close = request.find(')');
  if (request.substr(0, open) != "P.01" || semicolon == request.npos || close == request.npos ||
      close < semicolon)
    return std::nullopt;
  const auto from = instant_of(request.substr(open + 1, semicolon - open - 1), false);
  const auto to = instant_of(request.substr(semicolon + 1, close - semicolon - 1), true);
  if (!from || !to) return std::nullopt;
  const std::int64_t length = meter_.interval_s();
  const UtcSeconds until = std::min(*to, meter_.meter_time());
  const UtcSeconds after = std::max(*from - 1, until - kProfileDays * 86'400LL);
  std::string out;
  std::optional<UtcSeconds> before;
  std::size_t rows = 0;
  for (const ProfileRow& row : meter_.rows(after, until)) {
    if (++rows > kIecRowsMax) break;
    const CivilTime c = zone_.local(row.stamp);
    const bool follows = before && row.stamp - *before == length &&
                         zone_.local(*before).utc_offset_s == c.utc_offset_s;
    if (!follows) {
      out += fmt::format("P.01({})(00000000)({:02})(2)(1.29.0)(kWh)(2.29.0)(kWh)\r\n", stamp_of(c),
                         length / 60);
    }
    out += fmt::format("({}.{:03})({}.{:03})\r\n", row.interval.import_wh / 1'000,
                       row.interval.import_wh % 1'000, row.interval.export_wh / 1'000,
                       row.interval.export_wh % 1'000);
    before = row.stamp;
  }
  return out.empty() ? std::optional<std::string>() : out;
}

}  // namespace amity::world
