// What passes transformers and the heads of feeders: what the meters beneath count, what is drawn
// past them, and what is lost on the way.
#include <cmath>

#include "world/energy_book.h"

namespace amity::world {
namespace {

// The current of a quarter of an hour is not even: its square is more than that of its mean.
constexpr double kUnevenSquare = 1.15;

// A hidden load that runs on cheap hours and through the morning.
bool bypass_hours(const CivilTime& t) {
  return t.hour >= 18 || t.hour < 12;
}

}  // namespace

void EnergyBook::pass_through(const GridNode& node, std::uint32_t number, TownDay day,
                              MeterDay& out) {
  const std::size_t count = intervals_per_day();
  const double hours = config_.interval_s / 3'600.0;
  const UtcSeconds start = start_of(day);
  // What the node itself draws first: it goes with the power, as the homes' energy did.
  for (std::size_t i = 0; i < count; ++i) {
    const UtcSeconds from = start + static_cast<std::int64_t>(i) * config_.interval_s;
    const bool drawn = node.bypass_w > 0 && bypass_hours(zone_.local(from));
    out.intervals[i] = Interval{};
    out.intervals[i].import_wh =
        static_cast<std::uint32_t>((node.no_load_w + (drawn ? node.bypass_w : 0)) * hours);
  }
  suffer(number, day, out);
  std::vector<std::int64_t> net(count), reactive(count);
  std::vector<std::uint64_t> volts(count);
  for (const std::uint32_t below : node.beneath) {
    const MeterDay& of = this->day(below, day);
    const double past = node.bypass_share > 0 && below == node.bypass_home ? node.bypass_share : 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Interval& one = of.intervals[i];
      net[i] += std::int64_t{one.import_wh} - one.export_wh +
                static_cast<std::int64_t>(one.import_wh * past);
      reactive[i] += std::int64_t{one.reactive_import_varh} - one.reactive_export_varh;
      volts[i] += one.voltage_dv;
    }
  }
  out.total = {};
  for (std::size_t i = 0; i < count; ++i) {
    Interval& row = out.intervals[i];
    const std::int64_t through = net[i] + row.import_wh;
    const double va =
        std::hypot(static_cast<double>(through), static_cast<double>(reactive[i])) / hours;
    const double lost_w = kUnevenSquare * node.copper_ohm * va * va / (node.volt * node.volt);
    const std::int64_t all = through + static_cast<std::int64_t>(lost_w * hours);
    row.import_wh = static_cast<std::uint32_t>(std::max<std::int64_t>(all, 0));
    row.export_wh = static_cast<std::uint32_t>(std::max<std::int64_t>(-all, 0));
    row.reactive_import_varh = static_cast<std::uint32_t>(std::max<std::int64_t>(reactive[i], 0));
    row.reactive_export_varh = static_cast<std::uint32_t>(std::max<std::int64_t>(-reactive[i], 0));
    row.voltage_dv = node.beneath.empty()
                         ? std::uint16_t{0}
                         : static_cast<std::uint16_t>(volts[i] / node.beneath.size());
    out.total.add(row);
  }
}

}  // namespace amity::world
