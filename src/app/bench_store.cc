// `amity bench store`: Amity's embedded store beside SQLite and PostgreSQL, one after the other in
// the same run.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "app/bench.h"
#include "app/bench_databases.h"

namespace amity::app {
namespace {

constexpr UtcSeconds kFirstDay(1'699'920'000);  // 2023-11-14
constexpr const char* kHomes = "../shared/data/sgsc_households";

void put(BenchResult& result, const std::string& name, const DatabaseFigures& figures) {
  result.details.emplace_back(name + "_push_readings_per_s", figures.push_per_s);
  result.details.emplace_back(name + "_push_bytes_per_reading", figures.push_bytes);
  if (figures.homes_bytes > 0)
    result.details.emplace_back(name + "_homes_bytes_per_reading", figures.homes_bytes);
  result.details.emplace_back(name + "_channel_month_p50_ms", figures.month_p50_ms);
  result.details.emplace_back(name + "_channel_month_p99_ms", figures.month_p99_ms);
  result.details.emplace_back(name + "_day_readings_per_cpu_s", figures.day_per_s);
}

}  // namespace

void each_pushed(const PushShape& shape, std::uint32_t interval, const EachReading& visit) {
  const UtcSeconds end = shape.start + kPushInterval_s * std::int64_t{interval + 1};
  for (std::uint32_t meter = 0; meter < shape.meters; ++meter) {
    for (std::uint32_t c = 0; c < shape.channels_per_meter; ++c) {
      visit(meter * shape.channels_per_meter + c + 1, end, push_value(meter, c, interval));
    }
  }
}

void each_of_month(const DatabaseLoad& load, std::uint32_t channel, std::uint32_t day,
                   const EachReading& visit) {
  for (std::uint32_t slot = day * 96; slot < (day + 1) * 96; ++slot) {
    visit(channel, load.push.start + kPushInterval_s * std::int64_t{slot + 1},
          push_value(channel, 0, slot));
  }
}

void each_of_homes(const world::Replay& homes, const EachReading& visit) {
  for (std::size_t h = 0; h < homes.homes.size(); ++h) {
    for (const auto& row : homes.homes[h].rows)
      visit(static_cast<std::uint32_t>(h + 1), row.end, row.wh);
  }
}

void put_percentiles(std::vector<double>& ms, DatabaseFigures& figures) {
  if (ms.empty()) return;
  std::sort(ms.begin(), ms.end());
  figures.month_p50_ms = ms[ms.size() / 2];
  figures.month_p99_ms = ms[ms.size() * 99 / 100];
}

BenchResult bench_store() {
  BenchResult result{"store", 0, "readings/s", false, {}};
  DatabaseLoad load;
  load.push = {12'500, 4, 96, 4, kFirstDay};
  load.month_channels = 400;
  load.month_days = 31;
  load.month_reads = 2'000;
  const auto homes = world::load_replay(kHomes);
  if (homes.ok()) {
    load.homes = &*homes;
  } else {
    fmt::print(stderr, "bench store: no bytes per reading of real homes: {} ({})\n",
               to_string(homes.error()), kHomes);
  }
  const DatabaseFigures ours = measure_embedded(load);
  result.figure = ours.push_per_s;
  put(result, "amity", ours);
  put(result, "sqlite", measure_sqlite(load));
  const auto postgres = measure_postgres(load);
  if (postgres.ok()) {
    put(result, "postgresql", *postgres);
  } else {
    fmt::print(stderr, "bench store: without PostgreSQL: {}\n", to_string(postgres.error()));
  }
  return result;
}

}  // namespace amity::app
