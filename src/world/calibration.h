// The figures of the 50 real homes (sgsc_households, all 1,450,232 half hours) that the simulated homes are
// held to, and
// how close they must come. Recomputed from the file by home_test.cc where it is present.
#pragma once

#include <array>

#include "world/statistics.h"

namespace amity::world {

struct CalibratedFigure {
  const char* name;
  double FleetFigures::* figure;
  double real;
  double tolerance;  // absolute, of the simulated homes against the real ones
};

inline constexpr std::array<CalibratedFigure, 8> kCalibrated = {{
    {"mean daily kWh", &FleetFigures::mean_daily_kwh, 10.02, 1.0},
    {"median daily kWh", &FleetFigures::median_daily_kwh, 8.92, 1.0},
    {"spread (sd of log daily kWh)", &FleetFigures::spread, 0.557, 0.08},
    {"load factor of a day", &FleetFigures::load_factor, 0.172, 0.035},
    {"autocorrelation, half an hour", &FleetFigures::lag_1, 0.435, 0.05},
    {"autocorrelation, a day", &FleetFigures::lag_48, 0.206, 0.04},
    {"share of zeros", &FleetFigures::zeros, 0.0602, 0.02},
    {"homes with over 5 % zeros (solar)", &FleetFigures::homes_with_zeros, 0.240, 0.06},
}};

inline constexpr int kRealEveningPeak = 37;          // half hour 18:30, standard time
inline constexpr int kEveningPeakTolerance = 2;      // half hours
inline constexpr double kShapeCorrelationMin = 0.93;
inline constexpr double kSeasonTolerance = 0.10;     // each quarter of the year over the mean
inline constexpr std::array<double, 4> kRealSeason = {0.872, 1.134, 1.114, 0.903};

// Share of the day's energy per half hour of standard time.
inline constexpr std::array<double, kHalfHours> kRealShape = {
    0.0138, 0.0127, 0.0120, 0.0115, 0.0112, 0.0110, 0.0106, 0.0106, 0.0110, 0.0121, 0.0147, 0.0175,
    0.0215, 0.0245, 0.0264, 0.0273, 0.0258, 0.0248, 0.0241, 0.0233, 0.0229, 0.0226, 0.0222, 0.0216,
    0.0214, 0.0208, 0.0202, 0.0202, 0.0205, 0.0206, 0.0210, 0.0218, 0.0228, 0.0235, 0.0261, 0.0277,
    0.0288, 0.0292, 0.0288, 0.0287, 0.0285, 0.0280, 0.0263, 0.0244, 0.0222, 0.0200, 0.0175, 0.0157};

}  // namespace amity::world
