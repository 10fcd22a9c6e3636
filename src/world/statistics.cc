#include "world/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/civil.h"

namespace amity::world {
namespace {

struct Sums {
  std::array<double, kHalfHours> total{};
  std::array<std::size_t, kHalfHours> count{};

  double mean(int slot) const { return count[slot] == 0 ? 0 : total[slot] / static_cast<double>(count[slot]); }
};

double autocorrelation(const std::vector<std::int32_t>& wh, std::size_t lag) {
  double sum = 0, squares = 0;
  std::size_t count = 0;
  for (const std::int32_t v : wh) {
    if (v == kMissing) continue;
    sum += v;
    squares += static_cast<double>(v) * v;
    ++count;
  }
  if (count < 2) return 0;
  const double mean = sum / static_cast<double>(count);
  const double variance = squares / static_cast<double>(count) - mean * mean;
  double product = 0;
  std::size_t pairs = 0;
  for (std::size_t i = lag; i < wh.size(); ++i) {
    if (wh[i] == kMissing || wh[i - lag] == kMissing) continue;
    product += (wh[i] - mean) * (wh[i - lag] - mean);
    ++pairs;
  }
  return pairs == 0 || variance <= 0 ? 0 : product / static_cast<double>(pairs) / variance;
}

double mean_load_factor(const std::vector<std::int32_t>& wh) {
  double sum = 0;
  std::size_t days = 0;
  for (std::size_t start = 0; start + kHalfHours <= wh.size(); start += kHalfHours) {
    const auto day = std::span(wh).subspan(start, kHalfHours);
    if (std::ranges::find(day, kMissing) != day.end()) continue;
    double total = 0;
    for (const std::int32_t v : day) total += v;
    const std::int32_t highest = *std::ranges::max_element(day);
    if (highest == 0) continue;
    sum += total / kHalfHours / highest;
    ++days;
  }
  return days == 0 ? 0 : sum / static_cast<double>(days);
}

Sums sums_of(const HalfHourSeries& home) {
  Sums sums;
  for (std::size_t i = 0; i < home.wh.size(); ++i) {
    if (home.wh[i] == kMissing) continue;
    sums.total[i % kHalfHours] += home.wh[i];
    ++sums.count[i % kHalfHours];
  }
  return sums;
}

std::array<double, kHalfHours> share_of_day(std::array<double, kHalfHours> means, double& day_wh) {
  day_wh = 0;
  for (const double v : means) day_wh += v;
  if (day_wh > 0) {
    for (double& v : means) v /= day_wh;
  }
  return means;
}

// Each home's days, by quarter of the year, relative to the home's own mean; then the mean over homes.
std::array<double, 4> season_of(std::span<const HalfHourSeries> homes, std::span<const std::int32_t> first_days) {
  std::array<double, 4> total{}, weight{};
  for (std::size_t h = 0; h < homes.size(); ++h) {
    std::array<double, 4> wh{}, count{};
    double all = 0, all_count = 0;
    for (std::size_t i = 0; i < homes[h].wh.size(); ++i) {
      if (homes[h].wh[i] == kMissing) continue;
      const std::int64_t day = first_days[h] + static_cast<std::int64_t>(i / kHalfHours);
      const int quarter = (civil_from_utc(UtcSeconds(day * 86'400)).month - 1) / 3;
      wh[quarter] += homes[h].wh[i];
      count[quarter] += 1;
      all += homes[h].wh[i];
      all_count += 1;
    }
    for (int q = 0; q < 4; ++q) {
      if (count[q] < 30 * kHalfHours || all <= 0) continue;
      total[q] += (wh[q] / count[q]) / (all / all_count);
      weight[q] += 1;
    }
  }
  for (int q = 0; q < 4; ++q) total[q] = weight[q] > 0 ? total[q] / weight[q] : 0;
  return total;
}

}  // namespace

double correlation(std::span<const double> a, std::span<const double> b) {
  const std::size_t n = std::min(a.size(), b.size());
  double mean_a = 0, mean_b = 0;
  for (std::size_t i = 0; i < n; ++i) {
    mean_a += a[i] / static_cast<double>(n);
    mean_b += b[i] / static_cast<double>(n);
  }
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < n; ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa <= 0 || bb <= 0 ? 0 : ab / std::sqrt(aa * bb);
}

HomeFigures figures_of(const HalfHourSeries& home) {
  HomeFigures out;
  const Sums sums = sums_of(home);
  std::array<double, kHalfHours> means;
  for (int i = 0; i < kHalfHours; ++i) means[i] = sums.mean(i);
  double day_wh = 0;
  out.shape = share_of_day(means, day_wh);
  out.mean_daily_kwh = day_wh / 1'000;
  out.load_factor = mean_load_factor(home.wh);
  out.lag_1 = autocorrelation(home.wh, 1);
  out.lag_48 = autocorrelation(home.wh, kHalfHours);
  const auto present = home.wh.size() - static_cast<std::size_t>(std::ranges::count(home.wh, kMissing));
  const auto zeros = std::ranges::count(home.wh, 0);
  out.zeros = present == 0 ? 0 : static_cast<double>(zeros) / static_cast<double>(present);
  return out;
}

FleetFigures figures_of(std::span<const HalfHourSeries> homes, std::span<const std::int32_t> first_days) {
  FleetFigures out;
  out.homes = homes.size();
  if (homes.empty()) return out;
  const double n = static_cast<double>(homes.size());
  std::vector<double> daily;
  std::array<double, kHalfHours> total{};
  double log_sum = 0, log_squares = 0;
  for (const HalfHourSeries& home : homes) {
    const HomeFigures f = figures_of(home);
    daily.push_back(f.mean_daily_kwh);
    const double log = std::log(std::max(f.mean_daily_kwh, 1e-3));
    log_sum += log;
    log_squares += log * log;
    out.mean_daily_kwh += f.mean_daily_kwh / n;
    out.load_factor += f.load_factor / n;
    out.lag_1 += f.lag_1 / n;
    out.lag_48 += f.lag_48 / n;
    out.zeros += f.zeros / n;
    out.homes_with_zeros += (f.zeros > 0.05 ? 1 : 0) / n;
    for (int i = 0; i < kHalfHours; ++i) total[i] += f.shape[i] * f.mean_daily_kwh;
  }
  std::ranges::sort(daily);
  out.median_daily_kwh = daily[daily.size() / 2];
  out.spread = std::sqrt(std::max(0.0, log_squares / n - (log_sum / n) * (log_sum / n)));
  double day = 0;
  out.shape = share_of_day(total, day);
  out.evening_peak = static_cast<int>(std::max_element(out.shape.begin() + 30, out.shape.end()) - out.shape.begin());
  out.season = season_of(homes, first_days);
  return out;
}

std::string to_text(const FleetFigures& f) {
  std::string text = fmt::format(
      "homes {}\nmean daily kWh {:.2f}\nmedian daily kWh {:.2f}\nspread (sd of log kWh) {:.3f}\nload factor {:.3f}\n"
      "lag-1 {:.3f}\nlag-48 {:.3f}\nzeros {:.4f}\nhomes with zeros {:.3f}\nevening peak {:02}:{:02}\nseason",
      f.homes, f.mean_daily_kwh, f.median_daily_kwh, f.spread, f.load_factor, f.lag_1, f.lag_48, f.zeros,
      f.homes_with_zeros, f.evening_peak / 2, f.evening_peak % 2 * 30);
  for (const double s : f.season) text += fmt::format(" {:.3f}", s);
  text += "\nshape";
  for (const double s : f.shape) text += fmt::format(" {:.4f}", s);
  return text + "\n";
}

}  // namespace amity::world
