// Amity's own part of `amity bench store`: through the intake as everything else.
#include <ctime>
#include <future>

#include "app/bench_databases.h"
#include "app/bench_store.h"
#include "intake/make_intake.h"
#include "runtime/system.h"
#include "store/directory.h"
#include "store/kv_rocksdb.h"

namespace amity::app {
namespace {

double cpu_s() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double ms_between(Instant start, Instant end) {
  return static_cast<double>((end - start).count()) * 1e-3;
}

struct Blocks {
  std::uint64_t count = 0, payload = 0, on_disk = 0;
};

Blocks blocks_of(const std::string& directory) {
  const auto kv = must(store::open_rocksdb(store::kv_path(directory), {}), "opening the blocks");
  must(kv->compact(), "compacting");
  Blocks blocks;
  must(kv->scan(store::Family::kBlocks, "", "", store::Direction::kForward,
                [&](std::string_view, std::string_view value) {
                  ++blocks.count;
                  blocks.payload += value.size();
                  return true;
                }),
       "reading the blocks");
  blocks.on_disk = kv->stored_bytes(store::Family::kBlocks);
  return blocks;
}

void push_day(const DatabaseLoad& load, const std::string& directory, DatabaseFigures& figures) {
  runtime::SystemClock clock;
  const auto store = must(store::open_embedded(directory, {}), "opening");
  add_bench_fleet(store->registry(), load.push.meters, load.push.channels_per_meter);
  const auto intake = must(intake::make_intake(*store, clock), "intake");
  const Instant start = clock.now();
  const PushCount pushed = push_all(*intake, load.push);
  (void)must(store->readings().checkpoint(), "checkpoint");
  figures.push_per_s =
      static_cast<double>(pushed.acknowledged) / ms_between(start, clock.now()) * 1e3;
}

void scan_day(const DatabaseLoad& load, const std::string& directory, DatabaseFigures& figures) {
  const auto store = must(store::open_embedded(directory, {.create = false}), "opening again");
  std::uint64_t readings = 0;
  std::int64_t sum = 0;  // each value is looked at, as a reader would
  const double start = cpu_s();
  must(store->readings().scan_day(day_of_interval_end(load.push.start + kPushInterval_s),
                                  [&](ChannelId, std::span<const Reading> run) {
                                    for (const Reading& r : run) sum += r.value + r.quality.bits;
                                    readings += run.size();
                                  }),
       "reading the day");
  figures.day_per_s = static_cast<double>(readings) / (cpu_s() - start);
  if (static_cast<double>(readings) != load.push_readings() || sum <= 0) {
    must(Status(make_error(ErrorCode::kCorrupt, "readings are missing")), "reading the day");
  }
}

void add_months(const DatabaseLoad& load, store::Store& store) {
  std::promise<void> durable;
  for (std::uint32_t channel = 1; channel <= load.month_channels; ++channel) {
    for (std::uint32_t day = 0; day < load.month_days; ++day) {
      ReadingsArrived delivery{"bench", load.month_end(), {}};
      each_of_month(load, channel, day, [&](std::uint32_t c, UtcSeconds time, std::int64_t value) {
        delivery.readings.push_back({ChannelId(c), time, value, {}});
      });
      const bool last = channel == load.month_channels && day + 1 == load.month_days;
      store.journal().append(delivery, [&durable, last](Result<store::Sequence> sequence) {
        (void)must(sequence, "storing a month");
        if (last) durable.set_value();
      });
    }
  }
  durable.get_future().wait();
  (void)must(store.readings().checkpoint(), "checkpoint");
}

void measure_months(const DatabaseLoad& load, DatabaseFigures& figures) {
  const ScratchDirectory scratch;
  const auto store = must(store::open_embedded(scratch.path(), {}), "opening");
  add_months(load, *store);
  runtime::SystemClock clock;
  std::vector<double> ms;
  for (std::uint32_t read = 0; read < load.month_channels + load.month_reads; ++read) {
    const bool warming = read < load.month_channels;
    const ChannelId channel(warming ? read + 1 : load.month_channel(read));
    const Instant start = clock.now();
    const auto readings =
        must(store->readings().read(channel, load.push.start, load.month_end()), "reading a month");
    if (!warming) ms.push_back(ms_between(start, clock.now()));
    if (readings.size() != std::size_t{load.month_days} * 96) {
      must(Status(make_error(ErrorCode::kCorrupt, "readings are missing")), "reading a month");
    }
  }
  put_percentiles(ms, figures);
}

}  // namespace

HomesOnDisk store_homes(const world::Replay& homes) {
  const ScratchDirectory scratch;
  {
    const auto store =
        must(store::open_embedded(scratch.path(), {}), "opening the store of the homes");
    ReadingsArrived delivery{"replay", {}, {}};
    each_of_homes(homes, [&](std::uint32_t channel, UtcSeconds time, std::int64_t value) {
      if (!delivery.readings.empty() && delivery.readings.back().channel != ChannelId(channel)) {
        store->journal().append(delivery, {});
        delivery.readings.clear();
      }
      delivery.readings.push_back({ChannelId(channel), time, value, {}});
    });
    store->journal().append(delivery, {});
  }
  const Blocks blocks = blocks_of(scratch.path());
  const auto readings = static_cast<double>(homes.rows);
  return {static_cast<double>(blocks.count), static_cast<double>(blocks.on_disk) / readings,
          static_cast<double>(blocks.payload) / readings};
}

DatabaseFigures measure_embedded(const DatabaseLoad& load) {
  DatabaseFigures figures;
  const ScratchDirectory scratch;
  push_day(load, scratch.path(), figures);
  scan_day(load, scratch.path(), figures);
  figures.push_bytes =
      static_cast<double>(blocks_of(scratch.path()).on_disk) / load.push_readings();
  measure_months(load, figures);
  if (load.homes != nullptr) figures.homes_bytes = store_homes(*load.homes).bytes_per_reading;
  return figures;
}

}  // namespace amity::app
