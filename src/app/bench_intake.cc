// `amity bench intake`: readings per second through the intake until they are durable in the
// journal and stored, one reading per channel per message as meters push them; then what is there
// after a reopening, and bytes per reading.
#include <fmt/core.h>

#include <cstdio>
#include <ctime>

#include "app/bench.h"
#include "app/bench_databases.h"
#include "app/bench_store.h"
#include "intake/make_intake.h"
#include "runtime/system.h"
#include "store/store.h"

namespace amity::app {
namespace {

constexpr std::uint32_t kMeters = 25'000, kChannelsPerMeter = 4, kIntervals = 192, kProducers = 4;
constexpr UtcSeconds kFirstDay(1'699'920'000);  // 2023-11-14
constexpr const char* kHomes = "../shared/data/sgsc_households";

std::uint64_t count_stored(store::Store& store) {
  std::uint64_t count = 0;
  for (std::uint32_t day = 0; day < kIntervals / 96; ++day) {
    const UtcDay utc_day = day_of_interval_end(kFirstDay + 86'400 * std::int64_t{day} + 900);
    must(store.readings().scan_day(
             utc_day, [&](ChannelId, std::span<const Reading> r) { count += r.size(); }),
         "reading back");
  }
  return count;
}

// The real homes, where they are: what their blocks take on disk.
void measure_homes(std::vector<std::pair<std::string, double>>& details) {
  const auto replay = world::load_replay(kHomes);
  if (!replay.ok()) {
    fmt::print(stderr, "bench intake: no bytes per reading: {} ({})\n", to_string(replay.error()),
               kHomes);
    return;
  }
  const HomesOnDisk homes = store_homes(*replay);
  details.emplace_back("homes_readings", static_cast<double>(replay->rows));
  details.emplace_back("homes_blocks", homes.blocks);
  details.emplace_back("homes_bytes_per_reading_on_disk", homes.bytes_per_reading);
  details.emplace_back("homes_bytes_per_reading_in_blocks", homes.bytes_per_reading_in_blocks);
}

}  // namespace

BenchResult bench_intake() {
  BenchResult result{"intake", 0, "readings/s", false, {}};
  const ScratchDirectory scratch;
  runtime::SystemClock clock;
  const auto seconds_since = [&](Instant start) {
    return static_cast<double>((clock.now() - start).count()) / 1e6;
  };
  const double readings = double{kMeters} * kChannelsPerMeter * kIntervals;
  {
    auto store = must(store::open_embedded(scratch.path(), {}), "opening");
    add_bench_fleet(store->registry(), kMeters, kChannelsPerMeter);
    auto intake = must(intake::make_intake(*store, clock), "intake");
    const Instant start = clock.now();
    const std::clock_t cpu_start = std::clock();
    const PushCount pushed =
        push_all(*intake, {kMeters, kChannelsPerMeter, kIntervals, kProducers, kFirstDay});
    const double durable_s = seconds_since(start);
    (void)must(store->readings().checkpoint(), "checkpoint");
    const double stored_s = seconds_since(start);
    const double cpu_s = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
    result.figure = readings / stored_s;
    result.details = {
        {"readings", readings},
        {"acknowledged", static_cast<double>(pushed.acknowledged)},
        {"failed_messages", static_cast<double>(pushed.failed)},
        {"readings_per_s_until_durable", readings / durable_s},
        {"checkpoint_s", stored_s - durable_s},
        {"cpu_ns_per_reading",
         cpu_s * 1e9 / readings},  // all threads, whatever else the machine does
        {"fsyncs", static_cast<double>(store->stats().syncs)},
        {"log_bytes_per_reading", static_cast<double>(store->stats().bytes_written) / readings}};
  }
  const Instant start = clock.now();
  auto store = must(store::open_embedded(scratch.path(), {.create = false}), "opening again");
  result.details.emplace_back("reopen_s", seconds_since(start));
  const Instant scan = clock.now();
  result.details.emplace_back("stored_after_reopen", static_cast<double>(count_stored(*store)));
  result.details.emplace_back("scan_s", seconds_since(scan));
  measure_homes(result.details);
  return result;
}

}  // namespace amity::app
