// Water, gas and heat of a home: what passes its meters by quarter of an hour, any day without the
// days before it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/device.h"
#include "world/weather.h"

namespace amity::world {

// Water: litres. Gas: litres (0.001 m3). Heat: Wh.
using ResourceDay = std::array<std::uint32_t, kStepsPerDay>;

// What is drawn once per home.
struct ResourceTraits {
  double people = 1;            // relative water use; 1 is the median home
  double leak_l_per_h = 0;      // while its leak runs; 0: the home has none
  std::int32_t leak_phase = 0;  // which days of its kLeakPeriodDays it runs
  double loss_w_per_k = 120;    // of the house, per degree between inside and outside
  double heat_below_c = 16;     // mean temperature of a day
};
ResourceTraits resource_traits(std::uint64_t seed, std::uint32_t home);

inline constexpr std::int32_t kLeakPeriodDays = 90, kLeakDays = 20;

// Electricity is not computed here (home.h): zeros.
void resource_day(std::uint64_t seed, Commodity commodity, std::uint32_t home, TownDay day,
                  const WeatherDay& weather, ResourceDay& out);

}  // namespace amity::world
