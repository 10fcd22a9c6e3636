#include "world/weather.h"

#include <cmath>
#include <numbers>

#include "world/hash.h"

namespace amity::world {
namespace {

constexpr double kTau = 2 * std::numbers::pi;
constexpr double kRadians = std::numbers::pi / 180;

// Sine of the sun's height over the horizon (Cooper's declination; equation of time within 16 minutes left out).
double sine_of_height(double latitude, int day_of_year, double solar_hour) {
  const double declination = 23.45 * kRadians * std::sin(kTau * (284 + day_of_year) / 365.0);
  const double hour_angle = (solar_hour - 12) * 15 * kRadians;
  const double phi = latitude * kRadians;
  return std::sin(phi) * std::sin(declination) + std::cos(phi) * std::cos(declination) * std::cos(hour_angle);
}

// Haurwitz's clear-sky model, kW/m2 on the flat.
double clear_sky(double sine) { return sine <= 0.01 ? 0.0 : 1.098 * sine * std::exp(-0.059 / sine); }

}  // namespace

Weather::Weather(std::uint64_t seed, const Climate& climate, const TimeZone& zone)
    : seed_(mix(seed, 0x57454154u)), climate_(climate), zone_(zone) {}

TownDay Weather::day_at(UtcSeconds time) const {
  return TownDay{day_of_interval_end(time + climate_.standard_offset_s).value};
}

UtcSeconds Weather::start_of(TownDay day) const {
  return UtcDay(day.value).start() - climate_.standard_offset_s;
}

WeatherDay Weather::day(TownDay day) const {
  WeatherDay out;
  const CivilTime date = civil_from_utc(UtcDay(day.value).start());
  const std::int64_t new_year = utc_from_civil(date.year, 1, 1, 0, 0, 0).value / 86'400;
  out.day_of_year = static_cast<int>(day.value - new_year) + 1;
  const int weekday = (day.value % 7 + 7 + 4) % 7;  // 1970-01-01 was a Thursday; 0 = Sunday
  out.weekend = weekday == 0 || weekday == 6;
  const CivilTime noon = zone_.local(start_of(day) + 43'200);
  out.daylight_saving_minutes = (noon.utc_offset_s - climate_.standard_offset_s) / 60;

  const double season = std::cos(kTau * (out.day_of_year - climate_.warmest_day_of_year) / 365.25);
  const double solar_shift_h = climate_.longitude / 15 - climate_.standard_offset_s / 3'600.0;
  double sum = 0;
  for (int i = 0; i < kStepsPerDay; ++i) {
    const double x = day.value + (i + 0.5) / kStepsPerDay;
    const double spell = smooth_noise(mix(seed_, 1), x / 5) * 0.65 + smooth_noise(mix(seed_, 2), x / 2) * 0.35;
    const double cover = smooth_noise(mix(seed_, 3), x / 3) * 0.7 + smooth_noise(mix(seed_, 4), x * 4) * 0.5 - 0.12;
    const double cloud = std::fmin(1.0, std::fmax(0.0, 0.5 + cover * 0.8));
    const double hour = (i + 0.5) / 4;
    const double swing = std::cos(kTau * (hour - 14.5) / 24) * climate_.day_c * (1.15 - 0.55 * cloud);
    const double temperature =
        climate_.mean_c + climate_.season_c * season + climate_.spell_c * 1.6 * spell + swing;
    const double sine = sine_of_height(climate_.latitude, out.day_of_year, hour + solar_shift_h);
    const double flicker = 1 + 0.25 * cloud * (unit_of(mix(seed_, 5, day.value * 96LL + i)) - 0.5);
    out.temperature_c[i] = static_cast<float>(temperature);
    out.clear_sun[i] = static_cast<float>(clear_sky(sine));
    // Kasten and Czeplak: what clouds leave of it.
    out.sun[i] = static_cast<float>(out.clear_sun[i] * (1 - 0.75 * std::pow(cloud, 3.4)) * flicker);
    out.darkness[i] = static_cast<float>(std::fmin(1.0, std::fmax(0.0, (0.18 - sine) / 0.3)));
    sum += temperature;
  }
  out.mean_c = static_cast<float>(sum / kStepsPerDay);
  return out;
}

}  // namespace amity::world
