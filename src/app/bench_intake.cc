// `amity bench intake`: readings per second through the intake until they are durable in the journal and stored, one
// reading per channel per message as meters push them; then what is there after a reopening, and bytes per reading.
#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <thread>

#include "app/bench.h"
#include "app/bench_store.h"
#include "intake/make_intake.h"
#include "runtime/system.h"
#include "store/directory.h"
#include "store/kv_rocksdb.h"
#include "store/store.h"
#include "world/replay.h"

namespace amity::app {
namespace {

constexpr std::uint32_t kMeters = 25'000, kChannelsPerMeter = 4, kIntervals = 192, kProducers = 4;
constexpr std::size_t kInFlightPerProducer = 50'000;  // messages not acknowledged yet
constexpr UtcSeconds kFirstDay(1'699'920'000);        // 2023-11-14
constexpr const char* kHomes = "../shared/data/sgsc_households";

// The load of one interval: a few hundred Wh that change with meter and time.
std::int64_t value_of(std::uint32_t meter, std::uint32_t channel, std::uint32_t interval) {
  std::uint32_t h = meter * 2'654'435'761u ^ (interval + 1) * 2'246'822'519u ^ channel * 3'266'489'917u;
  h ^= h >> 15;
  return channel == 3 ? 2'300 + h % 64 : h % 512;
}

ReadingsArrived push(std::uint32_t meter, std::uint32_t interval) {
  const UtcSeconds end = kFirstDay + 900 * std::int64_t{interval + 1};
  ReadingsArrived message{"push", end + 20, {}};
  message.readings.reserve(kChannelsPerMeter);
  for (std::uint32_t c = 0; c < kChannelsPerMeter; ++c) {
    message.readings.push_back({ChannelId(meter * kChannelsPerMeter + c + 1), end, value_of(meter, c, interval), {}});
  }
  return message;
}

struct Load {
  std::atomic<std::uint64_t> acknowledged{0}, failed{0};
};

// One producer's meters, interval by interval; as many messages in flight as a listener would allow.
void produce(intake::Intake& intake, std::uint32_t producer, Load& load) {
  const std::uint32_t first = kMeters / kProducers * producer, last = first + kMeters / kProducers;
  std::atomic<std::size_t> in_flight{0};
  for (std::uint32_t interval = 0; interval < kIntervals; ++interval) {
    for (std::uint32_t meter = first; meter < last; ++meter) {
      while (in_flight.load(std::memory_order_relaxed) >= kInFlightPerProducer) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
      in_flight.fetch_add(1, std::memory_order_relaxed);
      intake.accept(push(meter, interval), [&](Result<intake::Receipt> receipt) {
        if (receipt.ok()) {
          load.acknowledged.fetch_add(receipt->accepted, std::memory_order_relaxed);
        } else {
          load.failed.fetch_add(1);
        }
        in_flight.fetch_sub(1, std::memory_order_release);
      });
    }
  }
  while (in_flight.load(std::memory_order_acquire) > 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
}

std::uint64_t count_stored(store::Store& store) {
  std::uint64_t count = 0;
  for (std::uint32_t day = 0; day < kIntervals / 96; ++day) {
    const UtcDay utc_day = day_of_interval_end(kFirstDay + 86'400 * std::int64_t{day} + 900);
    must(store.readings().scan_day(utc_day, [&](ChannelId, std::span<const Reading> r) { count += r.size(); }),
         "reading back");
  }
  return count;
}

// The homes as they are delivered, a day of one home in a message; then what their blocks take on disk, compacted.
void measure_homes(std::vector<std::pair<std::string, double>>& details) {
  auto replay = world::load_replay(kHomes);
  if (!replay.ok()) {
    fmt::print(stderr, "bench intake: no bytes per reading: {} ({})\n", to_string(replay.error()), kHomes);
    return;
  }
  const ScratchDirectory scratch;
  {
    auto store = must(store::open_embedded(scratch.path(), {}), "opening the store of the homes");
    for (std::size_t h = 0; h < replay->homes.size(); ++h) {
      ReadingsArrived delivery{"replay", kFirstDay, {}};
      const ChannelId channel(static_cast<std::uint32_t>(h + 1));
      for (const auto& row : replay->homes[h].rows) delivery.readings.push_back({channel, row.end, row.wh, {}});
      store->journal().append(delivery, {});
    }
  }
  auto kv = must(store::open_rocksdb(store::kv_path(scratch.path()), {}), "opening the blocks of the homes");
  must(kv->compact(), "compacting");
  std::uint64_t blocks = 0, payload = 0;
  must(kv->scan(store::Family::kBlocks, "", "", store::Direction::kForward,
                [&](std::string_view, std::string_view value) {
                  ++blocks;
                  payload += value.size();
                  return true;
                }),
       "reading the blocks");
  const auto readings = static_cast<double>(replay->rows);
  details.emplace_back("homes_readings", readings);
  details.emplace_back("homes_blocks", static_cast<double>(blocks));
  details.emplace_back("homes_bytes_per_reading_on_disk",
                       static_cast<double>(kv->stored_bytes(store::Family::kBlocks)) / readings);
  details.emplace_back("homes_bytes_per_reading_in_blocks", static_cast<double>(payload) / readings);
}

}  // namespace

BenchResult bench_intake() {
  BenchResult result{"intake", 0, "readings/s", false, {}};
  const ScratchDirectory scratch;
  runtime::SystemClock clock;
  const auto seconds_since = [&](Instant start) { return static_cast<double>((clock.now() - start).count()) / 1e6; };
  const double readings = double{kMeters} * kChannelsPerMeter * kIntervals;
  {
    auto store = must(store::open_embedded(scratch.path(), {}), "opening");
    add_bench_fleet(store->registry(), kMeters, kChannelsPerMeter);
    auto intake = must(intake::make_intake(*store, clock), "intake");
    Load load;
    const Instant start = clock.now();
    const std::clock_t cpu_start = std::clock();
    std::vector<std::thread> producers;
    for (std::uint32_t p = 0; p < kProducers; ++p) {
      producers.emplace_back([&, p] { produce(*intake, p, load); });
    }
    for (std::thread& thread : producers) thread.join();
    const double durable_s = seconds_since(start);
    (void)must(store->readings().checkpoint(), "checkpoint");
    const double stored_s = seconds_since(start);
    const double cpu_s = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
    result.figure = readings / stored_s;
    result.details = {{"readings", readings},
                      {"acknowledged", static_cast<double>(load.acknowledged.load())},
                      {"failed_messages", static_cast<double>(load.failed.load())},
                      {"readings_per_s_until_durable", readings / durable_s},
                      {"checkpoint_s", stored_s - durable_s},
                      {"cpu_ns_per_reading", cpu_s * 1e9 / readings},  // all threads, whatever else the machine does
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
