// The weather of one town: temperature, sun and clouds by quarter of an hour, any day without the days before it.
#pragma once

#include <array>
#include <cstdint>

#include "base/civil.h"
#include "world/limits.h"

namespace amity::world {

// Where the town lies and what its winters are like. The default is a town inland of Newcastle, New South Wales.
struct Climate {
  double latitude = -32.27;
  double longitude = 150.89;
  double mean_c = 17.2;            // of the year
  double season_c = 6.3;           // amplitude of the year
  double day_c = 5.2;              // amplitude of the day under a clear sky
  double spell_c = 3.4;            // warm and cold spells of some days
  int warmest_day_of_year = 22;    // January
  std::int32_t standard_offset_s = 36'000;  // of the town's standard time, east of Greenwich
};

// A day of the town's standard time: days since 1970-01-01T00:00 standard time. Its interval i ends (i + 1) quarters
// of an hour after its start.
struct TownDay {
  std::int32_t value = 0;
  friend constexpr auto operator<=>(TownDay, TownDay) = default;
};

struct WeatherDay {
  std::array<float, kStepsPerDay> temperature_c;
  std::array<float, kStepsPerDay> clear_sun;  // irradiance on the flat under a clear sky, kW/m2
  std::array<float, kStepsPerDay> sun;        // with clouds
  std::array<float, kStepsPerDay> darkness;   // 0 = no lamp needed .. 1 = night
  float mean_c = 0;
  bool weekend = false;
  int day_of_year = 1;
  int daylight_saving_minutes = 0;  // how far the wall clock is ahead of standard time at noon
};

class Weather {
 public:
  Weather(std::uint64_t seed, const Climate& climate, const TimeZone& zone);

  WeatherDay day(TownDay day) const;
  const Climate& climate() const { return climate_; }

  TownDay day_at(UtcSeconds time) const;            // (start, end]: an interval end at midnight is the day before
  UtcSeconds start_of(TownDay day) const;

 private:
  std::uint64_t seed_;
  Climate climate_;
  TimeZone zone_;
};

}  // namespace amity::world
