#include "world/fault_plan.h"

#include <algorithm>

#include "world/hash.h"

namespace amity::world {
namespace {

enum Stream : std::uint64_t { kFeeder = 11, kTransformer, kService, kDip, kCover, kLost, kDrift };

}  // namespace

void FaultPlan::append(const GridPath& path, TownDay day, UtcSeconds day_start, std::vector<Happening>& out) const {
  const auto draw_for = [&](Stream stream, std::uint32_t who, double rate, auto&& happen) {
    if (rate <= 0 || unit_of(mix(seed_, stream, who, static_cast<std::uint64_t>(day.value))) >= rate) return;
    Draw draw(seed_, stream, who, day.value, 1);
    const std::int64_t start = static_cast<std::int64_t>(draw.below(86'400));
    happen(day_start + start, draw);
  };
  const auto outage = [&](double median_s) {
    return [&out, median_s](UtcSeconds at, Draw& draw) {
      const auto length = static_cast<std::int64_t>(std::clamp(draw.lognormal(median_s, 0.9), 20.0, 80'000.0));
      out.push_back({Happening::Kind::kOutage, at, at + length, 0});
    };
  };
  const bool below = path.spot != GridPath::Spot::kFeeder;
  draw_for(kFeeder, path.feeder, below ? rates_.feeder_outages : 0, outage(2'400));
  draw_for(kTransformer, path.transformer, below ? rates_.transformer_outages : 0, outage(4'500));
  draw_for(kService, path.meter, path.spot == GridPath::Spot::kHome ? rates_.service_outages : 0,
           outage(3'600));
  draw_for(kDip, path.transformer, below ? rates_.voltage_dips : 0, [&](UtcSeconds at, Draw& draw) {
    const auto length = static_cast<std::int64_t>(draw.between(1'800, 9'000));
    out.push_back({Happening::Kind::kDip, at, at + length, static_cast<float>(draw.between(0.09, 0.16))});
  });
  draw_for(kCover, path.meter, rates_.covers_opened, [&](UtcSeconds at, Draw& draw) {
    out.push_back({Happening::Kind::kCover, at, at + static_cast<std::int64_t>(draw.between(120, 5'400)), 0});
  });
  draw_for(kLost, path.meter, rates_.lost_rows, [&](UtcSeconds at, Draw& draw) {
    out.push_back({Happening::Kind::kLostRows, at, at + static_cast<std::int64_t>(draw.between(900, 14'400)), 0});
  });
}

double FaultPlan::drift_ppm(std::uint32_t meter) const {
  return rates_.clock_drift_ppm <= 0 ? 0 : rates_.clock_drift_ppm * Draw(seed_, kDrift, meter).normal();
}

}  // namespace amity::world
