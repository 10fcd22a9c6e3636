#include "world/hash.h"
#include "world/home.h"

namespace amity::world {

HomeTraits home_traits(std::uint64_t seed, std::uint32_t home) {
  Draw draw(seed, 0x54524149u, home);
  HomeTraits t;
  t.size = static_cast<float>(draw.lognormal(0.9, 0.78));
  t.standby_w = static_cast<float>(draw.lognormal(86, 0.85) * (0.5 + 0.5 * t.size));
  t.fridge_w = static_cast<float>(draw.lognormal(125, 0.3));
  t.fridge_period_min = static_cast<float>(draw.between(38, 75));
  t.lighting_w = static_cast<float>(draw.lognormal(62, 0.4) * t.size);
  t.leisure_w = static_cast<float>(draw.lognormal(62, 0.5) * t.size);
  if (draw.chance(0.62)) t.heating_w_per_k = static_cast<float>(draw.lognormal(330, 0.5) * t.size);
  if (draw.chance(0.55)) t.cooling_w_per_k = static_cast<float>(draw.lognormal(160, 0.5) * t.size);
  if (draw.chance(0.24)) t.hot_water_w = draw.chance(0.5) ? 3'600.f : 2'400.f;
  if (draw.chance(0.12)) t.pool_w = static_cast<float>(draw.between(700, 1'200));
  if (draw.chance(0.03)) t.ev_w = draw.chance(0.6) ? 3'600.f : 7'200.f;
  if (draw.chance(0.23)) {
    t.solar_kw = static_cast<float>(draw.between(0.7, 2.2));
    t.solar_azimuth_h = static_cast<float>(0.8 * draw.normal());
  }
  t.wake_min = static_cast<std::int16_t>(400 + 45 * draw.normal());
  t.bed_min = static_cast<std::int16_t>(1'380 + 62 * draw.normal());
  t.away_weekdays = draw.chance(0.38);
  t.dishwasher = draw.chance(0.45);
  t.dryer = draw.chance(0.35);
  t.heat_below_c = static_cast<float>(16.5 + draw.normal());
  t.cool_above_c = static_cast<float>(25.5 + draw.normal());
  return t;
}

}  // namespace amity::world
