// A home: who lives there, what they own, and the energy they draw, any day without the days before it.
#pragma once

#include <array>
#include <cstdint>

#include "world/weather.h"

namespace amity::world {

using StepValues = std::array<std::uint16_t, kStepsPerDay>;

// One day of one service point, quarter by quarter of an hour of the town's standard time.
struct HomeDay {
  StepValues import_wh{}, export_wh{};
  StepValues reactive_import_varh{}, reactive_export_varh{};
  StepValues voltage_dv{};  // tenths of a volt, mean of the quarter
};

// Where the home hangs on the grid: what its voltage answers to.
struct Supply {
  float source_v = 240;       // no-load voltage behind the transformer, tap included
  float shared_ohm = 0.03f;   // transformer and line, carries the neighbours too
  float service_ohm = 0.04f;  // the home's own line
  std::uint16_t neighbours = 40;  // homes on the same transformer
};

// What is drawn once per home. Powers in W at the appliance.
struct HomeTraits {
  float size = 1;             // of household and house: 1 is the median
  float standby_w = 60;
  float fridge_w = 110;       // while its compressor runs
  float fridge_period_min = 50;
  float lighting_w = 150;
  float leisure_w = 120;      // screens and the like while somebody is in
  float heating_w_per_k = 0;  // 0: heated with something else
  float cooling_w_per_k = 0;
  float hot_water_w = 0;      // 0: gas, or on a separate controlled circuit
  float pool_w = 0;
  float ev_w = 0;
  float solar_kw = 0;         // peak, net metered
  float solar_azimuth_h = 0;  // how many hours the panels' noon is after the sun's
  std::int16_t wake_min = 405, bed_min = 1'350;  // wall clock, weekdays
  bool away_weekdays = true;
  bool dishwasher = false, dryer = false;
  float heat_below_c = 17, cool_above_c = 25;
};

// The traits of home `home` of the town `seed`, as calibrated (README.md).
HomeTraits home_traits(std::uint64_t seed, std::uint32_t home);

// Computes a day; some microseconds. Nothing is kept: the same arguments give the same integers.
class HomeModel {
 public:
  HomeModel(std::uint64_t seed, std::uint32_t home, const HomeTraits& traits, const Supply& supply)
      : seed_(seed), home_(home), traits_(traits), supply_(supply) {}

  void day(TownDay day, const WeatherDay& weather, HomeDay& out) const;
  const HomeTraits& traits() const { return traits_; }

 private:
  std::uint64_t seed_;
  std::uint32_t home_;
  HomeTraits traits_;
  Supply supply_;
};

}  // namespace amity::world
