#include "world/resource.h"

#include <algorithm>
#include <cmath>

#include "world/hash.h"

namespace amity::world {
namespace {

// Mean litres of each hour of the wall clock over the day's mean, of the 44 homes of daiad_water.
constexpr std::array<double, 24> kWaterShape = {0.57, 0.29, 0.16, 0.11, 0.09, 0.13, 0.47, 1.39,
                                                1.17, 1.23, 1.51, 1.53, 1.38, 1.21, 1.17, 1.12,
                                                0.92, 0.97, 1.15, 1.40, 1.89, 1.76, 1.43, 0.97};

constexpr double kGasWhPerLitre = 10.8;  // upper heating value
constexpr double kBoilerYield = 0.88;
constexpr double kHotWaterWhPerLitre = 40;  // warmed by 35 K

// One use of water: litres and how many minutes it runs.
struct Use {
  double litres = 0, minutes = 1;
};

Use draw_use(Draw& draw) {
  const double kind = draw.unit();
  if (kind < 0.42) return {draw.between(1, 6), 1};      // tap
  if (kind < 0.80) return {draw.between(5, 10), 1.5};   // toilet
  if (kind < 0.93) return {draw.between(25, 75), 8};    // shower
  if (kind < 0.985) return {draw.between(40, 70), 40};  // washing machine, dishwasher
  return {draw.between(60, 180), 30};                   // bath, garden
}

// The minute of the wall clock where the day's shape has passed `share` of it.
double minute_of(double share) {
  double sum = 0;
  for (const double hour : kWaterShape) sum += hour;
  double left = share * sum;
  for (int hour = 0; hour < 24; ++hour) {
    const double here = kWaterShape[static_cast<std::size_t>(hour)];
    if (left < here) return hour * 60 + 60 * left / here;
    left -= here;
  }
  return 1'439.9;
}

bool away(std::uint64_t seed, std::uint32_t home, TownDay day) {
  const auto week = static_cast<std::uint64_t>((day.value + 3 + static_cast<int>(home % 7)) / 7);
  return unit_of(mix(seed, 0x484F4Cu, home, week)) <
         0.045;  // the weeks in which nobody draws electricity either
}

// Litres by step, before rounding.
std::array<double, kStepsPerDay> draw_water(std::uint64_t seed, std::uint32_t home, TownDay day,
                                            const WeatherDay& weather) {
  std::array<double, kStepsPerDay> litres{};
  const ResourceTraits traits = resource_traits(seed, home);
  Draw draw(seed, 0x57415445u, home, day.value);
  const double warm = 1 + 0.012 * (weather.mean_c - 17);
  const double mean = away(seed, home, day) ? 0 : 16.5 * std::sqrt(traits.people) * warm;
  const int uses = static_cast<int>(mean * draw.lognormal(1, 0.25) + draw.unit());
  const double shift = 18 * std::sin(static_cast<double>(home)) - weather.daylight_saving_minutes;
  for (int i = 0; i < uses; ++i) {
    Use use = draw_use(draw);
    use.litres *= 0.91 * std::sqrt(traits.people);
    const double start = std::clamp(minute_of(draw.unit()) + shift, 0.0, 1'439.0);
    for (int step = static_cast<int>(start / 15); step < kStepsPerDay; ++step) {
      const double from = std::max(start, step * 15.0),
                   until = std::min(start + use.minutes, step * 15.0 + 15);
      if (until <= from) break;
      litres[static_cast<std::size_t>(step)] += use.litres * (until - from) / use.minutes;
    }
  }
  const std::int32_t phase =
      ((day.value + traits.leak_phase) % kLeakPeriodDays + kLeakPeriodDays) % kLeakPeriodDays;
  if (traits.leak_l_per_h > 0 && phase < kLeakDays) {
    for (double& step : litres) step += traits.leak_l_per_h / 4;
  }
  return litres;
}

// Power that the house loses and the heating makes good, W, by step.
double heating_w(const ResourceTraits& traits, const WeatherDay& weather, int step) {
  if (weather.mean_c >= traits.heat_below_c) return 0;
  const double outside = weather.temperature_c[static_cast<std::size_t>(step)];
  const int minute = step * 15 + weather.daylight_saving_minutes;
  const double inside = minute < 330 || minute > 1'365 ? 16.5 : 20;
  return std::max(0.0, traits.loss_w_per_k * (inside - outside) -
                           900 * static_cast<double>(weather.sun[static_cast<std::size_t>(step)]));
}

}  // namespace

ResourceTraits resource_traits(std::uint64_t seed, std::uint32_t home) {
  Draw draw(seed, 0x52455354u, home);
  ResourceTraits t;
  t.people = draw.lognormal(0.95, 0.52);
  const bool leaks = draw.chance(0.13);
  t.leak_phase = static_cast<std::int32_t>(draw.below(kLeakPeriodDays));
  const double leak = std::clamp(draw.lognormal(6, 0.7), 4.0, 40.0);
  if (leaks) t.leak_l_per_h = leak;
  t.loss_w_per_k = draw.lognormal(150, 0.3);
  t.heat_below_c = 15.5 + 0.8 * draw.normal();
  return t;
}

void resource_day(std::uint64_t seed, Commodity commodity, std::uint32_t home, TownDay day,
                  const WeatherDay& weather, ResourceDay& out) {
  out.fill(0);
  if (commodity == Commodity::kElectricity) return;
  const auto water = draw_water(seed, home, day, weather);
  const ResourceTraits traits = resource_traits(seed, home);
  const bool empty = away(seed, home, day);
  // A leak is not warmed, a third of the rest is.
  double carry = 0;
  for (int step = 0; step < kStepsPerDay; ++step) {
    const auto at = static_cast<std::size_t>(step);
    double amount = water[at];
    if (commodity != Commodity::kWater) {
      const double hot_wh = empty ? 0 : std::min(water[at], 60.0) / 3 * kHotWaterWhPerLitre;
      const double heat_wh = heating_w(traits, weather, step) / 4 * (empty ? 0.4 : 1) + hot_wh;
      amount = commodity == Commodity::kHeat ? heat_wh : heat_wh / kBoilerYield / kGasWhPerLitre;
    }
    // Whole units leave the meter; the rest of a day is left with it.
    carry += amount;
    const auto whole = static_cast<std::uint32_t>(carry);
    out[at] = whole;
    carry -= whole;
  }
}

}  // namespace amity::world
