#include "world/home.h"

#include <gtest/gtest.h>

#include "world/calibration.h"
#include "world/test_replay.h"

namespace amity::world {
namespace {

constexpr int kFirstDay = 15'492;  // 2012-06-01: most of the real homes begin there and end 640 days later

struct Town {
  explicit Town(std::uint64_t town_seed) : seed(town_seed), weather(town_seed, Climate{}, zone) {}

  HomeDay day(std::uint32_t home, int number) const {
    HomeDay out;
    HomeModel(seed, home, home_traits(seed, home), Supply{})
        .day(TownDay{number}, weather.day(TownDay{number}), out);
    return out;
  }

  std::uint64_t seed;
  TimeZone zone = TimeZone::find("Australia/Sydney").value();
  Weather weather;
};

FleetFigures simulated(int homes, int days) {
  const Town town(2);
  std::vector<WeatherDay> weather;
  for (int d = 0; d < days; ++d) weather.push_back(town.weather.day(TownDay{kFirstDay + d}));
  std::vector<HalfHourSeries> series(homes);
  const std::vector<std::int32_t> first(homes, kFirstDay);
  for (int h = 0; h < homes; ++h) {
    const auto home = static_cast<std::uint32_t>(h);
    const HomeModel model(town.seed, home, home_traits(town.seed, home), Supply{});
    HomeDay day;
    for (int d = 0; d < days; ++d) {
      model.day(TownDay{kFirstDay + d}, weather[d], day);
      for (int i = 0; i < kHalfHours; ++i) series[h].wh.push_back(day.import_wh[2 * i] + day.import_wh[2 * i + 1]);
    }
  }
  return figures_of(series, first);
}

// The calibrated constants are the real homes' own figures.
TEST(Homes, TheCalibrationIsThatOfTheRealHomes) {
  AMITY_NEED_REAL_HOMES(replay);
  std::vector<HalfHourSeries> series;
  std::vector<std::int32_t> first;
  for (const ReplayHome& home : replay->homes) {
    first.push_back(0);
    series.push_back(series_of(home, first.back()));
  }
  const FleetFigures real = figures_of(series, first);
  for (const CalibratedFigure& c : kCalibrated) {
    EXPECT_NEAR(real.*c.figure, c.real, 0.006 * std::max(1.0, c.real)) << c.name;
  }
  EXPECT_EQ(real.evening_peak, kRealEveningPeak);
  for (int i = 0; i < kHalfHours; ++i) EXPECT_NEAR(real.shape[i], kRealShape[i], 0.0001) << i;
  for (int q = 0; q < 4; ++q) EXPECT_NEAR(real.season[q], kRealSeason[q], 0.001) << q;
}

TEST(Homes, SimulatedHomesMatchTheRealOnes) {
  const FleetFigures figures = simulated(160, 640);
  SCOPED_TRACE(to_text(figures));
  for (const CalibratedFigure& c : kCalibrated) EXPECT_NEAR(figures.*c.figure, c.real, c.tolerance) << c.name;
  EXPECT_NEAR(figures.evening_peak, kRealEveningPeak, kEveningPeakTolerance);
  EXPECT_GE(correlation(figures.shape, kRealShape), kShapeCorrelationMin);
  for (int q = 0; q < 4; ++q) EXPECT_NEAR(figures.season[q], kRealSeason[q], kSeasonTolerance) << "quarter " << q;
}

TEST(Homes, ADayIsAFunctionOfSeedHomeAndDayAlone) {
  const Town town(3), same(3), other(4);
  const HomeDay once = town.day(17, 20'000);
  for (int d = 19'990; d < 20'000; ++d) (void)same.day(17, d);  // days before change nothing
  EXPECT_EQ(same.day(17, 20'000).import_wh, once.import_wh);
  EXPECT_EQ(same.day(17, 20'000).voltage_dv, once.voltage_dv);
  EXPECT_NE(town.day(18, 20'000).import_wh, once.import_wh);
  EXPECT_NE(town.day(17, 20'001).import_wh, once.import_wh);
  EXPECT_NE(other.day(17, 20'000).import_wh, once.import_wh);
}

TEST(Homes, SolarExportsByDayAndNeverByNight) {
  const Town town(3);
  std::int64_t exported = 0;
  int solar_homes = 0;
  for (std::uint32_t home = 0; home < 200; ++home) {
    const bool solar = home_traits(town.seed, home).solar_kw > 0;
    solar_homes += solar ? 1 : 0;
    const HomeDay day = town.day(home, 15'690);  // mid December
    for (int i = 0; i < kStepsPerDay; ++i) {
      if (!solar || i < 4 * 4 || i > 20 * 4) {
        EXPECT_EQ(day.export_wh[i], 0);
      }
      EXPECT_TRUE(day.import_wh[i] == 0 || day.export_wh[i] == 0);
      exported += day.export_wh[i];
    }
  }
  EXPECT_GT(solar_homes, 25);
  EXPECT_GT(exported, solar_homes * 2'000);
}

TEST(Homes, HabitsFollowTheWallClock) {
  const Town town(5);
  const WeatherDay winter = town.weather.day(TownDay{15'500}), summer = town.weather.day(TownDay{15'690});
  EXPECT_EQ(winter.daylight_saving_minutes, 0);
  EXPECT_EQ(summer.daylight_saving_minutes, 60);
  EXPECT_GT(summer.mean_c, winter.mean_c + 5);
}

TEST(Homes, VoltageFallsWithTheLoadAndStaysInTheBand) {
  const Town town(3);
  double low = 1e9, high = 0, with_load = 0, without = 0;
  int with_count = 0, without_count = 0;
  for (std::uint32_t home = 0; home < 100; ++home) {
    const HomeDay day = town.day(home, 15'520);
    for (int i = 0; i < kStepsPerDay; ++i) {
      const double v = day.voltage_dv[i] / 10.0;
      low = std::min(low, v);
      high = std::max(high, v);
      if (day.import_wh[i] > 400) with_load += v, ++with_count;
      if (day.import_wh[i] < 60) without += v, ++without_count;
    }
  }
  EXPECT_GT(low, 216.2);  // 230 V - 6 %
  EXPECT_LT(high, 253);   // 230 V + 10 %
  ASSERT_GT(with_count, 20);
  EXPECT_LT(with_load / with_count, without / without_count - 1);
}

}  // namespace
}  // namespace amity::world
