// The nightly read: virtual meters on loopback sockets, HLS 5 (GMAC), every APDU authenticated and encrypted, 96
// intervals of 4 channels, registers, daily values and event logs, into the embedded store. A meter counts when its
// readings are durable. AMITY_BENCH_METERS sets another fleet than 20,000.

#include <fmt/core.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "app/bench.h"
#include "app/loopback_fleet.h"
#include "headend/headend.h"
#include "intake/make_intake.h"
#include "store/store.h"

namespace amity::app {
namespace {

constexpr std::uint32_t kMeters = 20'000;
constexpr std::uint32_t kDay_s = 86'400;

struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "amity-bench-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  std::string path;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

headend::HeadEndConfig bench_config() {
  headend::HeadEndConfig config;
  config.conversations_max = 400;
  config.segment = {32, 1e6, 1e6};
  config.starts_per_s = 1e6;
  config.read.catch_up_s = 0;
  config.read.interval_s = kDay_s;
  config.read.backfill_s = kDay_s;
  return config;
}

struct Outcome {
  std::uint32_t ok = 0, failed = 0;
  double seconds = 0, cpu = 0;
  headend::HeadEndStats stats;
  std::string first_error;
};

// The fleet as it is after its first night: also the register that the master data do not name has its channel.
store::MasterData known_fleet(const world::Fleet& fleet) {
  store::MasterData master = fleet.master_data();
  auto next = static_cast<std::uint32_t>(master.channels.size());
  for (const Device& device : master.devices) {
    Channel channel;
    channel.id = ChannelId(++next);
    channel.device = device.id;
    channel.kind = ChannelKind::kRegister;
    channel.name = "reactive_export_total";
    channel.source = "1-0:4.8.0*255";
    channel.unit = Unit::kVarHour;
    master.channels.push_back(channel);
  }
  return master;
}

Result<Outcome> read_all(world::Fleet& fleet, const std::string& directory) {
  runtime::Reactor reactor;
  Runtime runtime = reactor.runtime();
  AMITY_TRY(const auto store, store::open_embedded(directory, {}));
  AMITY_CHECK(store->registry().add(known_fleet(fleet)));
  Bytes secret(headend::KeyRing::kSecretSize);
  runtime.random.fill(secret);
  AMITY_TRY(const auto keys, headend::KeyRing::open(store->registry(), secret, runtime.random, true));
  AMITY_CHECK(keys->put_all(keys_of(fleet)));
  AMITY_TRY(const auto intake, intake::make_intake(*store, runtime.clock));

  Outcome outcome;
  const auto meters = static_cast<std::uint32_t>(fleet.size());
  headend::HeadEnd headend(runtime, store->registry(), store->readings(), store->events(), *intake, *keys,
                           bench_config(), [&](Fact fact) {
                             const auto* contact = std::get_if<ContactMade>(&fact);
                             if (contact == nullptr) return;
                             if (!contact->ok && outcome.first_error.empty()) outcome.first_error = contact->error;
                             ++(contact->ok ? outcome.ok : outcome.failed);
                             if (outcome.ok == meters) reactor.stop();
                           });
  const double cpu = cpu_seconds();
  const Instant start = runtime.clock.now();
  AMITY_CHECK(headend.start());
  reactor.run_for(std::chrono::minutes(5));
  outcome.seconds = static_cast<double>((runtime.clock.now() - start).count()) * 1e-6;
  outcome.cpu = cpu_seconds() - cpu;
  outcome.stats = headend.stats();
  headend.stop();
  return outcome;
}

}  // namespace

BenchResult bench_read_fleet() {
  BenchResult result;
  result.name = "read-fleet";
  result.unit = "meters/s";
  const char* wanted = std::getenv("AMITY_BENCH_METERS");
  const std::uint32_t meters = wanted != nullptr ? static_cast<std::uint32_t>(std::atoi(wanted)) : kMeters;
  auto loopback = LoopbackFleet::start(meters, 3);
  if (!loopback.ok()) {
    fmt::print(stderr, "no fleet: {}\n", to_string(loopback.error()));
    result.figure = -1;
    return result;
  }
  const TemporaryDirectory directory;
  const auto outcome = read_all((*loopback)->fleet(), directory.path);
  if (!outcome.ok()) {
    fmt::print(stderr, "{}\n", to_string(outcome.error()));
    result.figure = -1;
    return result;
  }
  if (!outcome->first_error.empty()) fmt::print(stderr, "first failure: {}\n", outcome->first_error);
  const auto& stats = outcome->stats;
  result.figure = outcome->ok / outcome->seconds;
  result.details = {{"meters", outcome->ok},
                    {"failed_contacts", outcome->failed},
                    {"seconds", outcome->seconds},
                    {"cpu_seconds_both_ends", outcome->cpu},
                    {"readings", static_cast<double>(stats.readings_accepted)},
                    {"readings_per_s", static_cast<double>(stats.readings_accepted) / outcome->seconds},
                    {"events", static_cast<double>(stats.events_accepted)},
                    {"bytes_per_meter", static_cast<double>(stats.bytes_received) / std::max(1u, outcome->ok)}};
  return result;
}

}  // namespace amity::app
