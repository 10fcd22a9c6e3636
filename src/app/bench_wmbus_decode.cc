// Wireless M-Bus telegrams of 10,000 configured meters, each with its own key, to JSON on one core.
// Four of five are encrypted with OMS mode 5, one with mode 7 (MAC and two derived keys each); half
// carry the CRCs of frame format A. Five records each: volume, clock, volume at the due date, due
// date, error flags.

#include <sys/resource.h>

#include <algorithm>
#include <numeric>

#include "app/bench.h"
#include "runtime/system.h"
#include "wire/mbus/decoder.h"
#include "wire/mbus/encoder.h"

namespace amity::app {
namespace {

constexpr std::uint32_t kMeters = 10'000;
// Rounds are short, so that on a busy machine most of them run undisturbed.
constexpr std::size_t kTelegramsPerRound = 500, kRounds = 800;
// Meters do not send in the order of their configuration: a step prime to their number.
constexpr std::uint32_t kStep = 7'919;

struct Fleet {
  mbus::KeyStore keys;
  std::vector<Bytes> telegrams;
  bool ok = true;
};

Bytes key_of(std::uint32_t meter) {
  Bytes key(16);
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::uint8_t>((meter * 2'654'435'761u >> 8) + 37 * i);
  return key;
}

// Eight BCD digits.
std::uint32_t id_of(std::uint32_t meter) {
  std::uint32_t id = 0, rest = 20'000'000 + meter * 13;
  for (unsigned shift = 0; shift < 32; shift += 4, rest /= 10) id |= rest % 10 << shift;
  return id;
}

Bytes records_of(std::uint32_t meter, bool& ok) {
  Bytes records;
  wire::MeterTime clock;
  clock.year = 2026;
  clock.month = 11;
  clock.day = 20;
  clock.hour = 14;
  clock.minute = static_cast<std::uint8_t>(meter % 60);
  clock.precision = wire::MeterTime::Precision::kMinute;
  wire::MeterTime due = clock;
  due.month = 10;
  due.day = 31;
  due.precision = wire::MeterTime::Precision::kDay;
  const mbus::RecordPlace at_due{mbus::Function::kInstantaneous, 1, 0, 0};
  const auto value = std::int64_t{1'000} * meter + 123;
  ok = ok &&
       mbus::append_number("volume", "m3", {value, -3}, mbus::DataField::kBcd8, {}, records).ok() &&
       mbus::append_time(clock, {}, records).ok() &&
       mbus::append_number("volume", "m3", {value - 100, -3}, mbus::DataField::kInt32, at_due,
                           records)
           .ok() &&
       mbus::append_time(due, at_due, records).ok() &&
       mbus::append_number("error flags", "", {0, 0}, mbus::DataField::kInt16, {}, records).ok();
  return records;
}

Fleet make_fleet(bool mode_5, bool mode_7) {
  Fleet fleet;
  mbus::Encoder encoder;
  for (std::uint32_t i = 0; i < kMeters; ++i) {
    const std::uint32_t meter = i * kStep % kMeters;
    const Bytes key = key_of(meter);
    fleet.ok = fleet.ok && fleet.keys.add(id_of(i), key_of(i)).ok();
    const bool seven = mode_7 && (!mode_5 || i % 5 == 4);
    mbus::TelegramSpec spec;
    spec.meter = {mbus::manufacturer_code("AMI"), id_of(meter), 1, 7};
    spec.access_number = static_cast<std::uint8_t>(i);
    spec.mode = seven ? mbus::SecurityMode::kMode7 : mbus::SecurityMode::kMode5;
    spec.key = key;
    spec.counter = i + 1;
    spec.format = i % 2 == 0 ? mbus::FrameFormat::kA : mbus::FrameFormat::kStripped;
    auto telegram = encoder.wireless(spec, records_of(meter, fleet.ok));
    fleet.ok = fleet.ok && telegram.ok();
    if (telegram.ok()) fleet.telegrams.push_back(std::move(*telegram));
  }
  return fleet;
}

double cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return 1e6 * static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

struct Measured {
  double median_us = 0, best_us = 0, cpu = 0;  // per telegram
  double json_bytes = 0;
  bool ok = true;
};

Measured measure(const Fleet& fleet) {
  runtime::SystemClock clock;
  mbus::Decoder decoder;
  wire::Report report;
  std::string json;
  Measured measured;
  measured.ok = fleet.ok;
  constexpr auto kCount = static_cast<double>(kTelegramsPerRound);
  std::vector<double> rounds, cpu;
  std::size_t next = 0, bytes = 0;
  for (std::size_t round = 0; measured.ok && round < kRounds; ++round) {
    const double cpu_before = cpu_us();
    const Instant start = clock.now();
    for (std::size_t i = 0; i < kTelegramsPerRound; ++i) {
      const Status status = decoder.decode(fleet.telegrams[next], fleet.keys, report);
      next = next + 1 == fleet.telegrams.size() ? 0 : next + 1;
      json.clear();
      append_json(report, json);
      bytes += json.size();
      measured.ok = measured.ok && status.ok() && report.security.ok && report.readings.size() == 5;
    }
    rounds.push_back(static_cast<double>((clock.now() - start).count()) / kCount);
    cpu.push_back((cpu_us() - cpu_before) / kCount);
  }
  if (rounds.empty()) return measured;
  measured.json_bytes = static_cast<double>(bytes) / kCount / static_cast<double>(rounds.size());
  std::sort(rounds.begin(), rounds.end());
  measured.cpu = std::accumulate(cpu.begin(), cpu.end(), 0.0) / static_cast<double>(cpu.size());
  measured.median_us = rounds[rounds.size() / 2];
  measured.best_us = rounds.front();
  return measured;
}

}  // namespace

BenchResult bench_wmbus_decode() {
  const Measured mixed = measure(make_fleet(true, true));
  const Measured five = measure(make_fleet(true, false));
  const Measured seven = measure(make_fleet(false, true));
  BenchResult result;
  result.name = "wmbus-decode";
  result.unit = "telegrams/s";
  result.figure = mixed.ok && five.ok && seven.ok ? 1e6 / mixed.median_us : -1;
  result.details = {{"meters", kMeters},
                    {"best_round_per_s", 1e6 / mixed.best_us},
                    {"cpu_us_per_telegram", mixed.cpu},
                    {"per_cpu_second", 1e6 / mixed.cpu},
                    {"mode_5_alone_per_s", 1e6 / five.median_us},
                    {"mode_7_alone_per_s", 1e6 / seven.median_us},
                    {"json_bytes", mixed.json_bytes}};
  return result;
}

}  // namespace amity::app
