// What is compared between the simulated homes and real ones: the same figures computed from half-hourly Wh of either.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace amity::world {

inline constexpr int kHalfHours = 48;
inline constexpr std::int32_t kMissing = -1;

// Wh per half hour in the town's standard time; element 0 is the half hour that starts a day.
struct HalfHourSeries {
  std::vector<std::int32_t> wh;  // kMissing where there is none
};

struct HomeFigures {
  double mean_daily_kwh = 0;
  double load_factor = 0;  // mean over the highest half hour of each day, averaged over days
  double lag_1 = 0;        // autocorrelation, half an hour
  double lag_48 = 0;       // autocorrelation, a day
  double zeros = 0;        // share of half hours that are exactly 0
  std::array<double, kHalfHours> shape{};  // mean day, as share of the day's energy
};

struct FleetFigures {
  std::size_t homes = 0;
  double mean_daily_kwh = 0;     // mean of the homes
  double median_daily_kwh = 0;
  double spread = 0;             // standard deviation of log(daily kWh) between homes
  double load_factor = 0;        // means over homes
  double lag_1 = 0;
  double lag_48 = 0;
  double zeros = 0;
  double homes_with_zeros = 0;   // share of homes with more than 5 % zeros (net-metered solar)
  int evening_peak = 0;          // half hour (0..47) of the highest mean between 15:00 and 24:00
  std::array<double, kHalfHours> shape{};  // of the summed load
  std::array<double, 4> season{};          // daily mean by quarter of the year over the mean of all, Jan-Mar first
};

HomeFigures figures_of(const HalfHourSeries& home);
// `first_day` of each series: days since 1970 in standard time, for the season.
FleetFigures figures_of(std::span<const HalfHourSeries> homes, std::span<const std::int32_t> first_days);

double correlation(std::span<const double> a, std::span<const double> b);
// One figure per line, for people and for the README.
std::string to_text(const FleetFigures& figures);

}  // namespace amity::world
